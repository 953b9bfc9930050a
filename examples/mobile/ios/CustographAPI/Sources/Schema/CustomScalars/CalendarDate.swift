@_spi(Internal) @_spi(Execution) import ApolloAPI

/// A day of the calendar. It belongs to the workspace's time zone, so it is no instant.
public struct CalendarDate: CustomScalarType, Hashable {
  public let year: Int
  public let month: Int
  public let day: Int

  public init(_jsonValue value: JSONValue) throws {
    let parts = (value as? String)?.split(separator: "-").compactMap { Int($0) } ?? []
    guard parts.count == 3 else {
      throw JSONDecodingError.couldNotConvert(value: value, to: CalendarDate.self)
    }
    (year, month, day) = (parts[0], parts[1], parts[2])
  }

  public var _jsonValue: JSONValue {
    func padded(_ number: Int, to width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return [padded(year, to: 4), padded(month, to: 2), padded(day, to: 2)].joined(separator: "-")
  }
}
