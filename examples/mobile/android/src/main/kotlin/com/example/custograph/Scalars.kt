package com.example.custograph

import com.apollographql.apollo.api.Adapter
import com.apollographql.apollo.api.CustomScalarAdapters
import com.apollographql.apollo.api.json.JsonReader
import com.apollographql.apollo.api.json.JsonWriter
import java.math.BigDecimal
import java.time.LocalDate
import java.time.OffsetDateTime

/** How the schema's scalars are read and written. All of them travel as strings, so that nothing is rounded. */
object Scalars {
  val date: Adapter<LocalDate> = text({ LocalDate.parse(it) }, { it.toString() })
  val dateTime: Adapter<OffsetDateTime> = text({ OffsetDateTime.parse(it) }, { it.toString() })
  val decimal: Adapter<BigDecimal> = text({ BigDecimal(it) }, { it.toPlainString() })

  private fun <T> text(parse: (String) -> T, print: (T) -> String): Adapter<T> = object : Adapter<T> {
    override fun fromJson(reader: JsonReader, customScalarAdapters: CustomScalarAdapters): T =
      parse(reader.nextString()!!)

    override fun toJson(writer: JsonWriter, customScalarAdapters: CustomScalarAdapters, value: T) {
      writer.value(print(value))
    }
  }
}
