/// A model's answer. Which case it is depends on the model's task (`ModelMetadata.task`) alone.
///
/// ```swift
/// switch try model.predict(.image(contentsOf: "cat.jpg")) {
/// case .classes(let classes): print(classes[0].label, classes[0].probability)
/// default: print("this model does not classify")
/// }
/// ```
/// Its JSON is an object with the one key that the case is called: `{"text": "…"}`,
/// `{"classes": [{"index": 0, "label": "cat", "probability": 0.9}]}`,
/// `{"detections": [{"label": "cell", "score": 0.9, "box": {"left": 0, "top": 0, "right": 1, "bottom": 1}}]}`,
/// `{"entities": [{"label": "PER", "score": 0.9, "text": "Ada", "start": 0, "end": 3}]}`, `{"score": 0.9}`,
/// `{"embedding": [0.1, …]}`, `{"tensors": {"logits": {"type": "float32", "shape": [1, 10], "data": "…"}}}` (`Tensor`).
/// Keys may be added.
public enum Prediction: Sendable, Hashable {
  /// Every class, the most probable first. Of a model for which several may be right, each probability stands alone.
  case classes([Classification])
  /// Objects in a photograph, the highest score first.
  case detections([Detection])
  /// What a text model answers: a translation.
  case text(String)
  /// Parts of a text that are of some class, in its order.
  case entities([Entity])
  /// How well two texts go together, the higher the better.
  case score(Float)
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
  /// 0…1; all classes together give 1, where one of them is right. A text model may give any number.
  public var probability: Float

  public init(index: Int, label: String, probability: Float) {
    self.index = index
    self.label = label
    self.probability = probability
  }
}

/// A part of a text that is of some class: a person's name, a place.
public struct Entity: Sendable, Hashable, Codable {
  /// Without the B- and I- with which networks tell beginnings.
  public var label: String
  /// 0…1, the mean over the tokens.
  public var score: Float
  public var text: String
  /// Unicode scalars of the text before the entity, and up to its end.
  public var start: Int
  public var end: Int

  public init(label: String, score: Float, text: String, start: Int, end: Int) {
    self.label = label
    self.score = score
    self.text = text
    self.start = start
    self.end = end
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

extension Prediction: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case classes, detections, text, entities, score, embedding, tensors
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .classes(let classes): try container.encode(classes, forKey: .classes)
    case .detections(let detections): try container.encode(detections, forKey: .detections)
    case .text(let text): try container.encode(text, forKey: .text)
    case .entities(let entities): try container.encode(entities, forKey: .entities)
    case .score(let score): try container.encode(score, forKey: .score)
    case .embedding(let vector): try container.encode(vector, forKey: .embedding)
    case .tensors(let tensors): try container.encode(tensors, forKey: .tensors)
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let known = CodingKeys.allCases.filter(container.contains)
    guard let key = known.first, known.count == 1 else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: container.codingPath,
          debugDescription: "a prediction has one of \(CodingKeys.allCases.map(\.rawValue))"))
    }
    switch key {
    case .classes: self = .classes(try container.decode([Classification].self, forKey: key))
    case .detections: self = .detections(try container.decode([Detection].self, forKey: key))
    case .text: self = .text(try container.decode(String.self, forKey: key))
    case .entities: self = .entities(try container.decode([Entity].self, forKey: key))
    case .score: self = .score(try container.decode(Float.self, forKey: key))
    case .embedding: self = .embedding(try container.decode([Float].self, forKey: key))
    case .tensors: self = .tensors(try container.decode([String: Tensor].self, forKey: key))
    }
  }
}
