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
      guard let text = id.string else { throw Failure(.badRequest, "id is no string") }
      try identify(text)
    }
    try follow(InferenceParameters(json: members["parameters"]))
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
    let parameters = try InferenceParameters(json: members["parameters"])
    let extents = try members["shape"]?.array()?.map(\.int)
    try add(name, datatype: members["datatype"]?.string, extents: extents, parameters) { type, shape in
      if type == .string {
        // Each is an array of its own, however short.
        let most = max(rest.count, input.range.count) / 3
        try reserve(64 * min(most, Tensor.elementCount(of: shape)))
      }
      guard parameters["binary_data_size"] != nil else {
        guard let data = members["data"] else { throw Failure(.badRequest, "there are no data") }
        return try Tensor(json: data, type: type, shape: shape)
      }
      guard members["data"] == nil, let size = parameters.int("binary_data_size"), (0...rest.count).contains(size)
      else {
        throw Failure(.badRequest, "the binary_data_size does not fit the body")
      }
      defer { rest = rest.dropFirst(size) }
      return try rest.prefix(size).withUnsafeBytes { try Tensor(binary: $0, type: type, shape: shape) }
    }
  }

  private mutating func ask(for outputs: JSONValue) throws {
    guard let elements = try outputs.array(), elements.count <= Self.mostTensors else {
      throw Failure(.badRequest, "outputs is no array")
    }
    self.outputs = []
    for element in elements {
      guard let members = try element.object(), let name = members["name"]?.string else {
        throw Failure(.badRequest, "an output has no name")
      }
      try ask(for: name, InferenceParameters(json: members["parameters"]))
    }
  }
}

// What both transports say.
extension InferenceRequest {
  /// - Throws: `Failure` (400) for a long one, since answers repeat it.
  mutating func identify(_ id: String) throws {
    guard id.utf8.count <= 1024 else { throw Failure(.badRequest, "id is no short string") }
    self.id = id
  }

  /// Does what the request's parameters ask for.
  mutating func follow(_ parameters: InferenceParameters) throws {
    hasBinaryOutputs = parameters.bool("binary_data_output") ?? false
    if let microseconds = parameters.int("timeout"), microseconds > 0 { timeout = .microseconds(microseconds) }
    for name in parameters.names where name.hasPrefix("sequence_") {
      throw Failure(.badRequest, "models here keep no state: \(name) is of no use")
    }
  }

  /// Adds an input.
  ///
  /// - Parameters:
  ///   - extents: The shape; `nil` stands for what is no whole number.
  ///   - tensor: Reads the elements.
  /// - Throws: `Failure` (400); what `tensor` throws, with the input's name.
  mutating func add(
    _ name: String, datatype: String?, extents: [Int?]?, _ parameters: InferenceParameters,
    tensor: (ElementType, [Int]) throws -> Tensor
  ) throws {
    guard let datatype, let type = ElementType(datatype: datatype) else {
      throw Failure(.badRequest, "the input \(name) has no datatype of the protocol's")
    }
    guard let extents, extents.count <= 64 else { throw Failure(.badRequest, "the input \(name) has no shape") }
    let shape = try extents.map { extent in
      guard let extent, extent >= 0 else {
        throw Failure(.badRequest, "the shape of the input \(name) has an extent that is no whole number of 0 or more")
      }
      return extent
    }
    guard parameters["shared_memory_region"] == nil else {
      throw Failure(.badRequest, "the input \(name) lies in shared memory, which this server does not read")
    }
    let value: Tensor
    do { value = try tensor(type, shape) } catch {
      var failure = Failure(error)
      failure.message = "the input \(name): \(failure.message)"
      throw failure
    }
    guard inputs.updateValue(value, forKey: name) == nil else {
      throw Failure(.badRequest, "the input \(name) is there twice")
    }
  }

  /// Asks for an output.
  mutating func ask(for name: String, _ parameters: InferenceParameters) throws {
    guard parameters["shared_memory_region"] == nil else {
      throw Failure(.badRequest, "the output \(name) is to lie in shared memory, which this server does not write")
    }
    let classes = parameters.int("classification")
    guard classes ?? 1 > 0 else { throw Failure(.badRequest, "classification is a number of classes") }
    let isBinary = parameters.bool("binary_data") ?? hasBinaryOutputs
    if outputs == nil { outputs = [] }
    outputs?.append(Output(name: name, isBinary: isBinary, classCount: classes))
  }
}
