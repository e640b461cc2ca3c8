/// A model's answer. Which case it is depends on the model's task (`ModelMetadata.task`) alone.
///
/// ```swift
/// switch try model.predict(.image(contentsOf: "cat.jpg")) {
/// case .classes(let classes): print(classes[0].label, classes[0].probability)
/// default: print("this model does not classify")
/// }
/// ```
public enum Prediction: Sendable {
  /// Every class, the most probable first.
  case classes([Classification])
  /// Objects in a photograph, the highest score first.
  case detections([Detection])
  /// What a text model answers: a translation.
  case text(String)
  /// A vector whose direction carries the meaning.
  case embedding([Float])
  /// The outputs by name, of a model without a task.
  case tensors([String: Tensor])
}

/// A class and how probable the model thinks it is.
public struct Classification: Sendable, Hashable, Codable {
  /// The class's place in the model's output.
  public var index: Int
  /// The class's name; `class 3` where the model has no labels.
  public var label: String
  /// 0…1; all classes together give 1.
  public var probability: Float

  public init(index: Int, label: String, probability: Float) {
    self.index = index
    self.label = label
    self.probability = probability
  }
}

/// An object in a photograph.
public struct Detection: Sendable, Hashable, Codable {
  public var label: String
  /// 0…1.
  public var score: Float
  public var box: Box

  public init(label: String, score: Float, box: Box) {
    self.label = label
    self.score = score
    self.box = box
  }
}

/// A rectangle in a photograph, in pixels of the photograph; the origin is the top left corner.
public struct Box: Sendable, Hashable, Codable {
  public var left: Float
  public var top: Float
  public var right: Float
  public var bottom: Float

  public init(left: Float, top: Float, right: Float, bottom: Float) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }
}
