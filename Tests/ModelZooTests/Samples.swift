import Foundation
import ModelZoo
import ZooCore

/// A picture of one colour.
func picture(_ red: UInt8, _ green: UInt8, _ blue: UInt8) throws -> Image {
  try Image(width: 8, height: 6, pixels: (0..<48).flatMap { _ in [red, green, blue] })
}

extension Model {
  /// A model that the linked plugins run.
  static func linked(_ definition: ModelDefinition) throws -> Model {
    try Model(definition, options: Options(plugins: .linked, threads: 1))
  }
}

extension Prediction {
  var classes: [Classification] {
    if case .classes(let classes) = self { classes } else { [] }
  }
}
