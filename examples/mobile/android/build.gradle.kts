// A library that an app includes: the API as Kotlin types, a client, and a cache.
plugins {
  kotlin("jvm") version "2.2.21"
  id("com.apollographql.apollo") version "5.1.0"
}

val cacheVersion = "1.0.6"

dependencies {
  api("com.apollographql.apollo:apollo-runtime:5.1.0")
  implementation("com.apollographql.cache:normalized-cache:$cacheVersion")
}

apollo {
  service("custograph") {
    packageName.set("com.example.custograph")
    srcDir("../graphql")
    includes.add("*.graphql")
    schemaFiles.from("../graphql/schema.graphqls", "extra.graphqls")

    // What the schema's scalars are in Kotlin.
    mapScalarToKotlinString("CurrencyCode")
    mapScalar("Date", "java.time.LocalDate", "com.example.custograph.Scalars.date")
    mapScalar("DateTime", "java.time.OffsetDateTime", "com.example.custograph.Scalars.dateTime")
    mapScalar("Decimal", "java.math.BigDecimal", "com.example.custograph.Scalars.decimal")
    mapScalarToKotlinAny("JSON")

    // Documents go by their ids; the build lists them for the server.
    operationManifestFormat.set("persistedQueryManifest")

    // The policies of extra.graphqls.
    plugin("com.apollographql.cache:normalized-cache-apollo-compiler-plugin:$cacheVersion")
    pluginArgument("com.apollographql.cache.packageName", packageName.get())
  }
}
