import AlexNet
import GraphBuilder
import ZooCore

/// R-CNN (Girshick, Donahue, Darrell and Malik 2014, "Rich feature hierarchies for accurate object detection and semantic
/// segmentation"), all of it in one graph: a picture in, boxes with classes and scores out.
///
/// Selective search → regions with context, warped to the network's input → AlexNet → one linear SVM for each class on
/// fc7 → regression of boxes for each class on pool5 → non-maximum suppression of each class.
///
/// A checkpoint has AlexNet's tensors (`AlexNetForm` tells which), `svm.weight` (C, hidden), `svm.bias` (C), `box.weight`
/// (C, 4, pool5) and `box.bias` (C, 4). Its values may say how regions are found (`RegionSettings`).
package struct RCNN: Architecture {
  package init() {}

  package static let names = ["rcnn"]

  package init?(named name: String) {
    guard Self.names.contains(name) else { return nil }
  }

  package var name: String { "rcnn" }
  package var title: String { "R-CNN" }
  package var task: ModelMetadata.Task { .objectDetection }

  package func model(_ parameters: inout Parameters, labels: [String]?) throws -> ModelDefinition {
    let form = try AlexNetForm(of: parameters) ?? AlexNetForm(.original)
    let classes = try Classes(parameters.shape(of: "svm.bias")?.first, labels: labels, usual: pascalLabels)
    let settings = try RegionSettings(parameters, form)

    var graph = GraphBuilder(name: name)
    let picture = graph.input("input", .float32, [1, 3, "H", "W"])
    let regions = try graph.regions(of: picture, settings)
    let pool5 = try graph.alexNetFeatures(regions.pixels, form, &parameters)
    let fc7 = try graph.alexNetHidden(pool5, form, &parameters)
    // The layer that fine-tuning ends with; the SVMs are in its place.
    if form.connected.count == 3 {
      for kind in ["weight", "bias"] {
        let name = "\(form.connected[2]).\(kind)"
        if let shape = parameters.shape(of: name) { _ = try parameters.take(name, shape, .weight) }
      }
    }
    let scores = try graph.machines(on: fc7, features: form.hidden[1], classes: classes.count, &parameters)
    let offsets = try graph.offsets(on: pool5, features: form.pooledCount, classes: classes.count, &parameters)
    let boxes = graph.node(
      "ApplyBoxRegression", domain: Self.domain, version: 1, "box.moved", [regions.boxes, offsets, picture],
      outputs: [""])[0]
    let found = graph.node(
      "ClassNonMaxSuppression", domain: Self.domain, version: 1, "suppression", [boxes, scores, regions.count],
      [
        Attribute("iou_threshold", .float(settings.suppression)),
        Attribute("score_threshold", .float(settings.leastScore)),
        Attribute("max_detections", .int(Int64(settings.mostDetections))),
      ], outputs: ["boxes", "scores", "classes", "count"])
    let rows = ShapeDimension(.fixed(Int64(settings.mostDetections)))
    graph.output(found[0], "boxes", .float32, [rows, 4])
    graph.output(found[1], "scores", .float32, [rows])
    graph.output(found[2], "classes", .int64, [rows])
    graph.output(found[3], "count", .int64, [1])

    var metadata = ModelMetadata()
    metadata.name = name
    metadata.architecture = title
    metadata.task = task
    metadata.labels = classes.labels
    // The network's own normalization is in the graph, because selective search wants the colours.
    var image = ImagePreprocessing(resize: .none, height: 0, width: 0, mean: [0, 0, 0], deviation: [1, 1, 1])
    image.scale = 255
    metadata.image = image
    metadata.detection = DetectionSettings(scoreThreshold: settings.scoreThreshold)
    return graph.model(metadata: metadata)
  }

  /// The domain of the operators for regions and boxes.
  static let domain = "zoo.vision"
}

/// The classes of Pascal VOC, in alphabetical order, as its tools have them.
package let pascalLabels = [
  "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse",
  "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
]
