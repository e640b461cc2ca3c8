import ZooCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What predicting needs (`ModelMetadata`), as JSON in one of the model's `metadata_props`.
enum MetadataProperty {
  static let key = "modelzoo.metadata"

  /// Takes the metadata out of `properties`; the default where there is none.
  ///
  /// - Throws: `ZooError` (`badData`) where it is damaged, since predictions without it would be silently wrong.
  static func take(from properties: inout [Property]) throws -> ModelMetadata {
    let found = properties.filter { $0.key == key }
    guard let property = found.first else { return ModelMetadata() }
    guard found.count == 1,
      let metadata = try? JSONDecoder().decode(ModelMetadata.self, from: Data(property.value.utf8))
    else {
      throw ZooError(
        .badData, "the property \"\(key)\" is damaged", at: "metadata_props",
        advice: "remove the property, or package the model again")
    }
    try metadata.calibration?.check()
    properties.removeAll { $0.key == key }
    return metadata
  }

  /// The property that keeps `metadata`; `nil` for the default.
  static func property(_ metadata: ModelMetadata) throws -> Property? {
    guard metadata != ModelMetadata() else { return nil }
    try metadata.calibration?.check()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let json = try? encoder.encode(metadata) else {
      throw ZooError(.badData, "the model's metadata holds a number that JSON can't express", at: "metadata")
    }
    return Property(key: key, value: String(decoding: json, as: UTF8.self))
  }
}
