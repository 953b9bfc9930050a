import ApolloAPI

/// A currency by its ISO 4217 code.
public typealias CurrencyCode = String
