/// What predicting with a model needs beyond its graph, and what people want to know about it.
///
/// A package stores it as fields of its own; ONNX keeps it, as JSON, under one key of `metadata_props`.
public struct ModelMetadata: Sendable, Hashable, Codable {
  /// A short name: `resnet20-cifar10`.
  public var name = ""
  /// The paper's name of the architecture: `ResNet-20`.
  public var architecture = ""
  public var task: Task = .none
  /// Class names by output index.
  public var labels: [String] = []
  /// How a photograph becomes the input tensor.
  public var image: ImagePreprocessing?
  /// Whether the classes' outputs are already probabilities; otherwise predict applies softmax.
  public var outputsProbabilities = false
  /// How a detector's answers are shown.
  public var detection: DetectionSettings?
  /// How text becomes tokens, and tokens text: a Hugging Face tokenizer.json, or an object `ggml` with what a GGUF file says of
  /// its tokenizer.
  public var tokenizer: String? {
    get { tokenizerSource?.text }
    set { tokenizerSource = newValue.map { TokenizerSource($0) } }
  }
  package var tokenizerSource: TokenizerSource?
  /// How the vectors of tokens become one vector.
  public var embedding: EmbeddingSettings?
  /// How tokens are generated.
  public var generation: GenerationSettings?
  /// How texts are classified.
  public var classification: TextClassificationSettings?
  /// How a conversation becomes the text that the model goes on with; `nil` for a model that was not made for talk.
  public var chat: ChatSettings?
  public var license = ""
  /// Where the weights come from.
  public var source = ""
  public var summary = ""
  /// Accuracy that was measured, on what.
  public var accuracy: [Accuracy] = []
  /// What products read on samples, for 8-bit arithmetic; `nil` for a model that was not calibrated.
  public var calibration: Calibration?

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case name, architecture, task, labels, image, outputsProbabilities, detection, embedding, generation, classification
    case chat, license, source, summary, accuracy, calibration
    case tokenizerSource = "tokenizer"
  }

  /// What errors call the model; `nil` where it has no name.
  package var location: String? { name.isEmpty ? nil : name }

  /// What kind of answer the model gives.
  public enum Task: String, Sendable, Hashable, Codable {
    /// Tensors in, tensors out.
    case none
    case imageClassification
    /// Photographs in, boxes with labels and scores out.
    case objectDetection
    /// Text in, a vector out.
    case textEmbedding
    /// Text in, its translation out: encoder and decoder.
    case translation
    /// The beginning of a text in, its continuation out: decoder alone.
    case textGeneration
    /// A text in, or two, classes out.
    case textClassification
    /// A text in, the parts of it that are of some class out.
    case tokenClassification
    /// Two texts in, a query and what may answer it, a score out.
    case textRanking
  }

  public struct Accuracy: Sendable, Hashable, Codable {
    public var dataset: String
    /// `top1`, `top5`, `map50`, `bleu`.
    public var metric: String
    /// A fraction, or BLEU points.
    public var value: Double

    public init(dataset: String, metric: String, value: Double) {
      self.dataset = dataset
      self.metric = metric
      self.value = value
    }
  }
}

/// The ranges of the values that products (Conv, ConvTranspose, MatMul, Gemm) read, as samples had them.
///
/// 8-bit arithmetic scales by them; values outside are clamped.
public struct Calibration: Sendable, Hashable, Codable {
  /// How many samples were run.
  public var samples: Int
  /// One a value, by name.
  public var ranges: [ValueRange]

  public init(samples: Int, ranges: [ValueRange]) {
    self.samples = samples
    self.ranges = ranges
  }

  /// Where the elements of a value lie, but for a few.
  public struct ValueRange: Sendable, Hashable, Codable {
    /// The value's name in the graph.
    public var value: String
    public var least: Float
    public var greatest: Float

    public init(value: String, least: Float, greatest: Float) {
      self.value = value
      self.least = least
      self.greatest = greatest
    }
  }

  /// More ranges than any model has products.
  package static let mostRanges = 1 << 16

  /// Checks what a file says, or is about to say.
  ///
  /// - Throws: `ZooError` (`badData`) for a range that is none, for one that is given twice, and for absurdly many.
  package func check() throws {
    let advice = "calibrate the model again"
    guard samples >= 0, ranges.count <= Self.mostRanges else {
      throw ZooError(
        .badData, "\(ranges.count) ranges of \(samples) samples are no calibration", at: "calibration", advice: advice)
    }
    var seen: Set<String> = []
    for range in ranges {
      guard range.least.isFinite, range.greatest.isFinite, range.least <= range.greatest else {
        throw ZooError(
          .badData, "\(range.least) to \(range.greatest) is no range", at: "calibration of \"\(range.value)\"",
          advice: advice)
      }
      guard seen.insert(range.value).inserted else {
        throw ZooError(
          .badData, "there are two ranges of one value", at: "calibration of \"\(range.value)\"", advice: advice)
      }
    }
  }
}

/// How a photograph becomes a network's input, in the order that torchvision's transforms have: resize, centre crop,
/// scale to 0…1, subtract `mean`, divide by `deviation`.
public struct ImagePreprocessing: Sendable, Hashable, Codable {
  public enum Resize: Sendable, Hashable, Codable {
    /// The shorter side to this many pixels, the other in proportion (rounded down).
    case shorterSide(Int)
    /// Both sides, whatever the proportion.
    case exact(height: Int, width: Int)
    /// The photograph as it is; nothing is cropped.
    case none
  }
  public enum Filter: String, Sendable, Hashable, Codable {
    case bilinear
    case bicubic
  }
  public enum ColorOrder: String, Sendable, Hashable, Codable {
    case rgb
    case bgr
  }

  public var resize: Resize
  public var filter: Filter
  /// The centre crop that the network takes; 0 where it takes the photograph as it is.
  public var height: Int
  public var width: Int
  public var colorOrder: ColorOrder = .rgb
  /// What a full channel value becomes before `mean` is subtracted: 1 for torchvision, 255 for Caffe.
  public var scale: Float = 1
  /// By channel, in the network's order.
  public var mean: [Float]
  public var deviation: [Float]

  public init(
    resize: Resize, filter: Filter = .bilinear, height: Int, width: Int, mean: [Float], deviation: [Float]
  ) {
    self.resize = resize
    self.filter = filter
    self.height = height
    self.width = width
    self.mean = mean
    self.deviation = deviation
  }

  /// torchvision's ImageNet evaluation: shorter side to `side`, centre crop of `crop`.
  public static func imageNet(side: Int = 256, crop: Int = 224) -> ImagePreprocessing {
    ImagePreprocessing(
      resize: .shorterSide(side), height: crop, width: crop, mean: [0.485, 0.456, 0.406],
      deviation: [0.229, 0.224, 0.225])
  }

  /// The whole image at 32 by 32, with the mean and deviation that the published CIFAR checkpoints were trained with.
  public static let cifar = ImagePreprocessing(
    resize: .exact(height: 32, width: 32), height: 32, width: 32, mean: [0.485, 0.456, 0.406],
    deviation: [0.229, 0.224, 0.225])
}
