import HTTPTypes
import ModelZoo

/// A request of the protocol's `infer`, in either of its transports.
struct InferenceRequest: Sendable {
  /// How an output is given.
  struct Output: Sendable {
    var name: String
    var isBinary: Bool
    /// The best classes of each row in place of the tensor, as `value:index`.
    var classCount: Int?
  }

  var id: String?
  var inputs: [String: Tensor] = [:]
  /// `nil` for all outputs.
  var outputs: [Output]?
  /// Whether outputs come as bytes that say nothing themselves.
  var hasBinaryOutputs = false
  /// The client's limit for the time.
  var timeout: Duration?

  static let mostTensors = 4096

  init() {}

  /// - Parameters:
  ///   - body: JSON, and behind it the bytes of the tensors that say so.
  ///   - jsonLength: Of the JSON; `nil` where there is nothing else.
  ///   - reserve: Is told the bytes of memory that tensors will take, and throws where that is too much.
  /// - Throws: `Failure` (400); what `reserve` throws.
  init(body: [UInt8], jsonLength: Int?, reserve: (Int) throws -> Void) throws {
    let length = jsonLength ?? body.count
    guard (0...body.count).contains(length) else {
      throw Failure(.badRequest, "Inference-Header-Content-Length is \(length), the body has \(body.count) bytes")
    }
    let text = length == body.count ? body : Array(body[..<length])
    guard let members = try JSONValue(parsing: text).object() else {
      throw Failure(.badRequest, "the request is no JSON object")
    }
    if let id = members["id"], !id.isNull {
      guard let text = id.string, text.utf8.count <= 1024 else { throw Failure(.badRequest, "id is no short string") }
      self.id = text
    }
    let parameters = try members["parameters"]?.object() ?? [:]
    hasBinaryOutputs = parameters["binary_data_output"]?.bool ?? false
    if let microseconds = parameters["timeout"]?.int, microseconds > 0 { timeout = .microseconds(microseconds) }
    for name in parameters.keys where name.hasPrefix("sequence_") {
      throw Failure(.badRequest, "models here keep no state: \(name) is of no use")
    }
    guard let inputs = try members["inputs"]?.array(), inputs.count <= Self.mostTensors else {
      throw Failure(.badRequest, "the request has no array of inputs")
    }
    var rest = body[length...]
    // Numbers take up to four times as much as their digits.
    try reserve(4 * length)
    for input in inputs { try add(input, &rest, reserve) }
    guard rest.isEmpty else {
      throw Failure(.badRequest, "\(rest.count) bytes follow those that the inputs' binary_data_size say")
    }
    if let outputs = members["outputs"], !outputs.isNull { try ask(for: outputs) }
  }

  /// Adds an input, with the bytes that it takes from the beginning of `rest`.
  private mutating func add(
    _ input: JSONValue, _ rest: inout ArraySlice<UInt8>, _ reserve: (Int) throws -> Void
  ) throws {
    guard let members = try input.object(), let name = members["name"]?.string else {
      throw Failure(.badRequest, "an input has no name")
    }
    guard let datatype = members["datatype"]?.string, let type = ElementType(datatype: datatype) else {
      throw Failure(.badRequest, "the input \(name) has no datatype of the protocol's")
    }
    guard let extents = try members["shape"]?.array(), extents.count <= 64 else {
      throw Failure(.badRequest, "the input \(name) has no shape")
    }
    let shape = try extents.map { extent in
      guard let number = extent.int, number >= 0 else {
        throw Failure(.badRequest, "the shape of the input \(name) has an extent that is no whole number of 0 or more")
      }
      return number
    }
    let parameters = try members["parameters"]?.object() ?? [:]
    guard parameters["shared_memory_region"] == nil else {
      throw Failure(.badRequest, "the input \(name) lies in shared memory, which this server does not read")
    }
    if type == .string {
      // Each is an array of its own, however short.
      let most = max(rest.count, input.range.count) / 3
      try reserve(64 * min(most, Self.located(name) { try Tensor.elementCount(of: shape) }))
    }
    let tensor: Tensor
    if let size = parameters["binary_data_size"] {
      guard members["data"] == nil, let size = size.int, (0...rest.count).contains(size) else {
        throw Failure(.badRequest, "the binary_data_size of the input \(name) does not fit the body")
      }
      tensor = try Self.located(name) { try Tensor(binary: rest.prefix(size), type: type, shape: shape) }
      rest = rest.dropFirst(size)
    } else {
      guard let data = members["data"] else { throw Failure(.badRequest, "the input \(name) has no data") }
      tensor = try Self.located(name) { try Tensor(json: data, type: type, shape: shape) }
    }
    guard inputs.updateValue(tensor, forKey: name) == nil else {
      throw Failure(.badRequest, "the input \(name) is there twice")
    }
  }

  private mutating func ask(for outputs: JSONValue) throws {
    guard let elements = try outputs.array(), elements.count <= Self.mostTensors else {
      throw Failure(.badRequest, "outputs is no array")
    }
    self.outputs = try elements.map { element in
      guard let members = try element.object(), let name = members["name"]?.string else {
        throw Failure(.badRequest, "an output has no name")
      }
      let parameters = try members["parameters"]?.object() ?? [:]
      guard parameters["shared_memory_region"] == nil else {
        throw Failure(.badRequest, "the output \(name) is to lie in shared memory, which this server does not write")
      }
      let classes = parameters["classification"]?.int
      guard classes ?? 1 > 0 else { throw Failure(.badRequest, "classification is a number of classes") }
      return Output(
        name: name, isBinary: parameters["binary_data"]?.bool ?? hasBinaryOutputs, classCount: classes)
    }
  }

  /// What `body` gives; an error names the input.
  static func located<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
      var failure = Failure(error)
      failure.message = "the input \(name): \(failure.message)"
      throw failure
    }
  }
}
