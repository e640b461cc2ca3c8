import Foundation
import ModelZoo
import TestSupport
import Testing
import ZooCore

/// preprocessor_config.json, beside what transformers' classes make of a picture (make_pretrained.py).
@Suite struct ImageProcessorTests {
  private struct Expected: Decodable {
    struct Variant: Decodable {
      var settings: String
      var shape: [Int]
      var values: [Float]
    }
    var height, width: Int
    var pixels: [UInt8]
    var variants: [Variant]
  }

  private func preprocessing(_ settings: String) throws -> ImagePreprocessing {
    var found: ImagePreprocessing?
    try withFolder { folder in
      let copy = folder + "/copy"
      try FileManager.default.copyItem(atPath: fixture("vit"), toPath: copy)
      try settings.write(toFile: copy + "/preprocessor_config.json", atomically: true, encoding: .utf8)
      found = try ModelDefinition(pretrainedFolder: copy).metadata.image
    }
    return try #require(found)
  }

  @Test func pixelsAreThoseOfTransformers() throws {
    let url = URL(fileURLWithPath: fixture("processors.json"))
    let expected = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: url))
    let picture = try Image(width: expected.width, height: expected.height, pixels: expected.pixels)
    for variant in expected.variants {
      let tensor = try preprocessing(variant.settings).tensor(from: [picture])
      #expect(tensor.shape == [1] + variant.shape, "\(variant.settings)")
      let distance = zip(try tensor.elements(Float.self), variant.values).map { abs($0 - $1) }.max() ?? 1
      #expect(distance <= 1e-5 * max(1, variant.values.map(abs).max() ?? 1), "\(variant.settings)")
    }
  }

  @Test(arguments: [
    ("{\"size\": {\"longest_edge\": 32}}", "longest_edge"),
    ("{\"size\": {\"shortest_edge\": 32, \"longest_edge\": 64}}", "longest_edge"),
    ("{\"size\": {\"max_height\": 32, \"max_width\": 64}}", "max_height"),
    ("{\"size\": {\"height\": 32}}", "size"), ("{\"size\": 0}", "size"), ("{\"size\": \"large\"}", "size"),
    ("{\"size\": [1, 2, 3]}", "size"), ("{\"do_pad\": true}", "do_pad"), ("{\"resample\": 1}", "resample"),
    ("{\"do_resize\": false, \"do_center_crop\": true}", "do_center_crop"),
    ("{\"do_center_crop\": true, \"crop_size\": {}}", "crop_size"), ("{\"image_std\": [0, 1, 1]}", "image_std"),
    ("{\"crop_pct\": 0, \"size\": 32}", "crop_pct"),
  ])
  func whatCanNotBeDoneIsNamed(settings: String, name: String) throws {
    let error = #expect(throws: ZooError.self) { try preprocessing(settings) }
    let text = "\(error?.description ?? "")"
    #expect(error?.kind == .unsupported || error?.kind == .badData)
    #expect(text.contains("\"\(name)\"") || text.contains(name), "\(text)")
    #expect(text.contains("preprocessor_config.json"), "\(text)")
  }
}
