package com.example.custograph

import com.apollographql.apollo.ApolloClient
import com.apollographql.cache.normalized.memory.MemoryCacheFactory
import com.example.custograph.cache.Cache.cache

/** A client of the server at [url], as whoever holds [token]: it names documents by their ids, and keeps what it was told. */
fun custograph(url: String, token: String, language: String): ApolloClient =
  ApolloClient.Builder()
    .serverUrl(url)
    .addHttpHeader("Authorization", "Bearer $token")
    .addHttpHeader("Accept-Language", language)
    .autoPersistedQueries()
    .cache(MemoryCacheFactory(maxSizeBytes = 10 * 1024 * 1024))
    .build()
