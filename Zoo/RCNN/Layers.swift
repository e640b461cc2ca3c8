import GraphBuilder
import ZooCore

extension GraphBuilder {
  /// Regions of a picture (1, 3, H, W; from 0 to 255): the boxes, how many there are, and the pixels that the network
  /// sees, normalized as ImageNet's.
  mutating func regions(of picture: Value, _ settings: RegionSettings) throws -> (
    boxes: Value, count: Value, pixels: Value
  ) {
    let found = node(
      "SelectiveSearch", domain: RCNN.domain, version: 1, "search", [picture],
      [
        .text("mode", settings.mode), Attribute("k", .float(settings.k)), Attribute("k_step", .float(settings.k)),
        Attribute("sigma", .float(settings.sigma)), Attribute("scale", .float(settings.scale)),
        Attribute("min_side", .float(settings.smallestSide)), Attribute("max_side", .float(settings.largestSide)),
        Attribute("max_boxes", .int(Int64(settings.count))),
      ], outputs: ["boxes", "count"])
    let side = Float(settings.inputSide)
    let grown = node(
      "ExpandBoxes", domain: RCNN.domain, version: 1, "context", [found[0]],
      [Attribute("scale", .float(side / (side - 2 * settings.context)))], outputs: [""])[0]

    let colors = ImagePreprocessing.imageNet()
    func channels(_ values: [Float]) throws -> StoredTensor {
      StoredTensor(try Tensor(values.map { $0 * 255 }, shape: [1, 3, 1, 1]))
    }
    let shifted = node("Sub", "shifted", [picture, constant(try channels(colors.mean), "mean")])
    let normalized = node("Div", "normalized", [shifted, constant(try channels(colors.deviation), "deviation")])
    let images = try constant([Int64](repeating: 0, count: settings.count), "images")
    let pixels = node(
      "RoiAlign", "warped", [normalized, grown, images],
      [
        .text("mode", "avg"), .text("coordinate_transformation_mode", "half_pixel"),
        Attribute("output_height", .int(Int64(settings.inputSide))),
        Attribute("output_width", .int(Int64(settings.inputSide))), Attribute("sampling_ratio", .int(2)),
        Attribute("spatial_scale", .float(1)),
      ])
    return (found[0], found[1], pixels)
  }

  /// A linear SVM for each class; the logistic function of its output is the score (N, classes).
  mutating func machines(
    on features: Value, features count: Int, classes: Int, _ parameters: inout Parameters
  ) throws -> Value {
    let weight = try parameters.take("svm.weight", [classes, count], .weight).load()
    let bias = try parameters.take("svm.bias", [classes], .shift).load()
    let margins = node(
      "LinearRegressor", domain: "ai.onnx.ml", version: 3, "svm", [features],
      [
        Attribute("coefficients", .floats(try weight.elements(Float.self))),
        Attribute("intercepts", .floats(try bias.elements(Float.self))),
        Attribute("targets", .int(Int64(classes))),
      ], outputs: [""])[0]
    return node("Sigmoid", "svm.scores", [margins])
  }

  /// The offsets that move a region's box, for each class (N, classes · 4).
  mutating func offsets(
    on features: Value, features count: Int, classes: Int, _ parameters: inout Parameters
  ) throws -> Value {
    let weight = constant(try parameters.take("box.weight", [classes, 4, count], .weight), "box.weight")
    let bias = constant(try parameters.take("box.bias", [classes, 4], .shift), "box.bias")
    let rows = node(
      "Reshape", "box.rows", [weight, try constant([Int64(classes * 4), Int64(count)], "box.rows.shape")])
    let shift = node("Reshape", "box.shift", [bias, try constant([Int64(classes * 4)], "box.shift.shape")])
    return node("Gemm", "box.offsets", [features, rows, shift], [Attribute("transB", .int(1))])
  }
}
