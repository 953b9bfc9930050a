import Apollo
import Foundation

/// A client of the server at `url`, as whoever holds `token`: it names documents by their ids, and keeps what it was told.
public func custograph(url: URL, token: String, language: String) -> ApolloClient {
  let store = ApolloStore(cache: InMemoryNormalizedCache())
  let transport = RequestChainNetworkTransport(
    urlSession: URLSession(configuration: .default),
    interceptorProvider: DefaultInterceptorProvider.shared,
    store: store,
    endpointURL: url,
    additionalHeaders: ["Authorization": "Bearer \(token)", "Accept-Language": language],
    apqConfig: AutoPersistedQueryConfiguration(autoPersistQueries: true),
    useGETForQueries: true
  )
  return ApolloClient(networkTransport: transport, store: store)
}
