import AlexNet
import GraphBuilder
import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How regions are found and shown to the network, and what is left of them: the values of a checkpoint.
struct RegionSettings: Sendable {
  /// `search_mode`: fast or quality.
  var mode: String
  /// `search_k` (150): selective search's k and its step.
  var k: Float
  /// `search_sigma` (0.8)
  var sigma: Float
  /// `search_scale` (1): the size of the picture that is searched.
  var scale: Float
  /// `search_boxes` (2000): how many regions the network looks at.
  var count: Int
  /// `smallest_side`, `largest_side`: regions outside of this are left out (none).
  var smallestSide, largestSide: Float
  /// `input_size`: rows and columns of the network's input (what the form of AlexNet has).
  var inputSide: Int
  /// `context`: pixels of the input around the region (16 of 227).
  var context: Float
  /// `suppress` (0.3): intersection over union beyond which the weaker of two boxes goes.
  var suppression: Float
  /// `smallest_margin` (-2): the SVM's output below which a region is nothing; as a score.
  var leastScore: Float
  /// `score_threshold` (0.5, the SVM's plane): what a prediction shows.
  var scoreThreshold: Float
  /// `detections` (500): rows of the outputs.
  var mostDetections: Int

  init(_ parameters: Parameters, _ form: AlexNetForm) throws {
    func float(_ name: String, _ standard: Double, _ range: ClosedRange<Double>) throws -> Float {
      Float(try parameters.number(name, or: standard, in: range))
    }
    mode = try parameters.text("search_mode", or: "fast", of: ["fast", "quality"])
    k = try float("search_k", 150, 0...1e9)
    sigma = try float("search_sigma", 0.8, 0...100)
    scale = try float("search_scale", 1, 1e-3...1)
    count = Int(try parameters.number("search_boxes", or: 2000, in: 1...65536))
    smallestSide = try float("smallest_side", 0, 0...1e9)
    largestSide = try float("largest_side", 0, 0...1e9)
    let side = try parameters.number("input_size", or: Double(form.side), in: 1...4096)
    guard Int(side) == form.side || !form.isForCIFAR && !form.isOriginal && (224...227).contains(Int(side)) else {
      throw ZooError(
        .badData, "input_size is \(Int(side)), the network needs \(form.side)", at: "the checkpoint's values")
    }
    inputSide = Int(side)
    context = try float("context", 16.0 / 227 * side, 0...side / 2 - 0.5)
    suppression = try float("suppress", 0.3, 0...1)
    leastScore = Self.score(margin: try float("smallest_margin", -2, -1e9...1e9))
    scoreThreshold = try float("score_threshold", 0.5, 0...1)
    mostDetections = Int(try parameters.number("detections", or: 500, in: 1...65536))
  }

  /// An SVM's output as a score from 0 to 1: its logistic function, so that the plane itself is at one half.
  static func score(margin: Float) -> Float { 1 / (1 + expf(-margin)) }
}
