@_spi(Internal) @_spi(Execution) import ApolloAPI
import Foundation

/// An exact decimal number. It travels as a string, so that nothing is rounded.
public struct ExactDecimal: CustomScalarType, Hashable {
  public let value: Foundation.Decimal

  public init(_ value: Foundation.Decimal) {
    self.value = value
  }

  public init(_jsonValue json: JSONValue) throws {
    let posix = Locale(identifier: "en_US_POSIX")
    guard let text = json as? String, let value = Foundation.Decimal(string: text, locale: posix) else {
      throw JSONDecodingError.couldNotConvert(value: json, to: ExactDecimal.self)
    }
    self.value = value
  }

  public var _jsonValue: JSONValue {
    value.description
  }
}
