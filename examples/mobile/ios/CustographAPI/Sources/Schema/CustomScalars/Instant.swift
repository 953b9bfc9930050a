@_spi(Internal) @_spi(Execution) import ApolloAPI
import Foundation

/// An instant, as 2026-01-31T09:30:00+01:00, with or without fractions of a second.
public struct Instant: CustomScalarType, Hashable {
  public let date: Foundation.Date

  public init(_ date: Foundation.Date) {
    self.date = date
  }

  public init(_jsonValue value: JSONValue) throws {
    let formatter = ISO8601DateFormatter()
    for options: ISO8601DateFormatter.Options in [[.withInternetDateTime], [.withInternetDateTime, .withFractionalSeconds]] {
      formatter.formatOptions = options
      if let date = (value as? String).flatMap(formatter.date(from:)) {
        self.date = date
        return
      }
    }
    throw JSONDecodingError.couldNotConvert(value: value, to: Instant.self)
  }

  public var _jsonValue: JSONValue {
    ISO8601DateFormatter().string(from: date)
  }
}
