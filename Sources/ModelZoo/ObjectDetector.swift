/// Photographs in, boxes out: what `predict` does for a model whose task is object detection.
///
/// The model's input is one picture 1×3×H×W; its outputs are `boxes` (M×4: left, top, right, bottom), `scores` (M),
/// `classes` (M) and `count`.
package struct ObjectDetector: Predictor {
  /// Pictures with more pixels are made smaller first, so that memory and time stay bounded.
  private static let mostPixels = 1 << 22

  private let model: Model
  private let preprocessing: ImagePreprocessing
  private let input: String

  package init(_ model: Model) throws {
    let names = Set(model.outputs.map(\.name))
    guard let preprocessing = model.metadata.image, model.inputs.count == 1,
      names.isSuperset(of: ["boxes", "scores", "classes", "count"])
    else {
      throw ZooError(
        .badData, "the model claims to find objects, but it lacks what that takes",
        at: model.metadata.location,
        advice: "it needs one picture as its input and the outputs boxes, scores, classes and count")
    }
    self.model = model
    self.preprocessing = preprocessing
    input = model.inputs[0].name
  }

  func predict(_ inputs: [Input]) throws -> [Prediction] {
    let least = model.scoreThreshold ?? model.metadata.detection?.scoreThreshold ?? 0
    return try inputs.map { input in .detections(try detections(in: input).filter { $0.score >= least }) }
  }

  /// Every object that the model gives, the highest score first.
  package func detections(in input: Input) throws -> [Detection] {
    if case .tensors(let tensors) = input.content { return try detections(model.compiled.run(tensors), scale: 1) }
    guard let photo = try input.picture() else {
      throw ZooError(
        .usage, "the model finds objects in photographs, not in text", at: model.metadata.name,
        advice: "give it image files")
    }
    let picture = try bounded(photo)
    let outputs = try model.compiled.run([self.input: preprocessing.tensor(from: [picture])])
    return try detections(
      outputs, scale: Float(photo.width) / Float(picture.width), Float(photo.height) / Float(picture.height),
      clip: photo)
  }

  private func bounded(_ photo: Image) throws -> Image {
    let pixels = photo.width * photo.height
    guard pixels > Self.mostPixels else { return photo }
    let scale = (Double(Self.mostPixels) / Double(pixels)).squareRoot()
    return try photo.resized(
      width: max(1, Int(Double(photo.width) * scale)), height: max(1, Int(Double(photo.height) * scale)))
  }

  private func detections(
    _ outputs: [String: Tensor], scale across: Float, _ down: Float? = nil, clip photo: Image? = nil
  ) throws -> [Detection] {
    func output<Element: TensorElement>(_ name: String, _: Element.Type) throws -> [Element] {
      guard let tensor = outputs[name], tensor.type == Element.elementType else {
        throw ZooError(.badData, "the output is missing or of another type", at: name)
      }
      return try tensor.elements(Element.self)
    }
    let (boxes, scores) = (try output("boxes", Float.self), try output("scores", Float.self))
    let (classes, count) = (try output("classes", Int64.self), try output("count", Int64.self))
    let labels = model.metadata.labels
    guard boxes.count == 4 * scores.count, classes.count == scores.count, let found = count.first,
      (0...Int64(scores.count)).contains(found)
    else { throw ZooError(.badData, "the outputs don't fit together", at: model.metadata.name) }
    let down = down ?? across
    return try (0..<Int(found)).map { row in
      let kind = Int(classes[row])
      guard kind >= 0, labels.isEmpty || kind < labels.count, scores[row].isFinite,
        (-1e-3...1.001).contains(scores[row]), boxes[4 * row..<4 * row + 4].allSatisfy(\.isFinite)
      else {
        throw ZooError(.badData, "detection \(row) makes no sense", at: model.metadata.name)
      }
      func place(_ corner: Int, _ scale: Float, _ limit: Int?) -> Float {
        let value = boxes[4 * row + corner] * scale
        return limit.map { min(max(value, 0), Float($0)) } ?? value
      }
      return Detection(
        label: labels.isEmpty ? "class \(kind)" : labels[kind], score: scores[row],
        box: Box(
          left: place(0, across, photo?.width), top: place(1, down, photo?.height),
          right: place(2, across, photo?.width), bottom: place(3, down, photo?.height)))
    }.sorted { $0.score > $1.score }
  }
}
