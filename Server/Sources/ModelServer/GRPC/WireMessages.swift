import FoundationEssentials
import ModelZoo
import NIOCore

// What both transports have, as messages of gRPC.

extension InferenceRequest {
  /// - Throws: `Failure` (400).
  init(_ message: WireModelInferRequest) throws {
    self.init()
    if !message.id.isEmpty { try identify(message.id) }
    try follow(InferenceParameters(wire: message.parameters))
    let raw = message.rawInputContents
    guard message.inputs.count <= Self.mostTensors, message.outputs.count <= Self.mostTensors else {
      throw Failure(.badRequest, "the request has more than \(Self.mostTensors) tensors")
    }
    guard raw.isEmpty || raw.count == message.inputs.count else {
      throw Failure(
        .badRequest, "there are \(message.inputs.count) inputs, and raw_input_contents of \(raw.count)")
    }
    for (place, input) in message.inputs.enumerated() {
      let parameters = InferenceParameters(wire: input.parameters)
      try add(input.name, datatype: input.datatype, extents: input.shape.map { Int($0) }, parameters) { type, shape in
        guard !raw.isEmpty else { return try Tensor(input.contents, type: type, shape: shape) }
        guard !input.hasContents else { throw Failure(.badRequest, "there are contents besides raw_input_contents") }
        return try raw[place].withUnsafeBytes { try Tensor(binary: $0, type: type, shape: shape) }
      }
    }
    for output in message.outputs { try ask(for: output.name, InferenceParameters(wire: output.parameters)) }
  }
}

extension InferenceParameters {
  init(wire parameters: [String: WireInferParameter]) {
    self.init(
      parameters.mapValues { parameter in
        switch parameter.parameterChoice {
        case .boolParam(let value): .bool(value)
        case .int64Param(let value): .int(Int(value))
        case .uint64Param(let value): Int(exactly: value).map { .int($0) } ?? .other
        case .stringParam, .doubleParam, nil: .other
        }
      })
  }
}

extension InferenceAnswer {
  /// - Throws: `Failure` (422) for elements that the protocol does not have.
  func message(model: String) throws -> WireModelInferResponse {
    var message = WireModelInferResponse()
    message.modelName = model
    message.modelVersion = ModelRepository.version
    message.id = request.id ?? ""
    for (output, tensor) in outputs {
      guard let datatype = tensor.type.datatype else {
        throw Failure(.unprocessableContent, "the protocol has no elements of the type \(tensor.type.name)")
      }
      var described = WireModelInferResponse.InferOutputTensor()
      described.name = output.name
      described.datatype = datatype
      described.shape = tensor.shape.map { Int64($0) }
      message.outputs.append(described)
      message.rawOutputContents.append(tensor.data)
    }
    return message
  }
}

extension Tensor {
  /// The elements as bytes.
  fileprivate var data: Data {
    guard strings != nil else { return withUnsafeBytes { Data($0) } }
    var buffer = ByteBuffer()
    write(to: &buffer)
    return buffer.withUnsafeReadableBytes { Data($0) }
  }

  /// The tensor of elements that have a field for their type.
  ///
  /// - Throws: `Failure` (400) for a type without one, other elements than the type has, more or fewer than the shape, or
  ///   numbers out of range.
  fileprivate init(_ contents: WireInferTensorContents, type: ElementType, shape: [Int]) throws {
    let count = try Self.elementCount(of: shape)
    func check(_ given: Int) throws {
      guard given == count else {
        throw Failure(
          .badRequest, "there are \(given) elements of \(type.datatype ?? type.name) in place of the shape's \(count)")
      }
    }
    func filled<Given, Element: BitwiseCopyable>(_ given: [Given], _ convert: (Given) -> Element?) throws -> Tensor {
      try check(given.count)
      return try Tensor(type: type, shape: shape) { bytes in
        let elements = bytes.bindMemory(to: Element.self)
        for (place, value) in given.enumerated() {
          guard let element = convert(value) else { throw Failure(.badRequest, "\(value) is out of range") }
          elements[place] = element
        }
      }
    }
    switch type {
    case .bool: self = try filled(contents.boolContents) { $0 ? UInt8(1) : 0 }
    case .int8: self = try filled(contents.intContents) { Int8(exactly: $0) }
    case .int16: self = try filled(contents.intContents) { Int16(exactly: $0) }
    case .int32: self = try filled(contents.intContents) { $0 }
    case .int64: self = try filled(contents.int64Contents) { $0 }
    case .uint8: self = try filled(contents.uintContents) { UInt8(exactly: $0) }
    case .uint16: self = try filled(contents.uintContents) { UInt16(exactly: $0) }
    case .uint32: self = try filled(contents.uintContents) { $0 }
    case .uint64: self = try filled(contents.uint64Contents) { $0 }
    case .float32: self = try filled(contents.fp32Contents) { $0 }
    case .float64: self = try filled(contents.fp64Contents) { $0 }
    case .string:
      try check(contents.bytesContents.count)
      self = try Tensor(strings: contents.bytesContents.map { Array($0) }, shape: shape)
    default:
      throw Failure(
        .badRequest, "\(type.datatype ?? type.name) has no contents of its own: send it as raw_input_contents")
    }
  }
}

extension WireModelMetadataResponse {
  init(_ served: ServedModel) {
    name = served.name
    versions = [ModelRepository.version]
    platform = "modelzoo"
    inputs = served.model.inputs.map { TensorMetadata($0) }
    outputs = served.model.outputs.map { TensorMetadata($0) }
  }
}

extension WireModelMetadataResponse.TensorMetadata {
  fileprivate init(_ value: ValueInfo) {
    name = value.name
    datatype = value.datatype
    shape = value.protocolShape.map { Int64($0) }
  }
}

extension WireModelConfig {
  /// The same as under HTTP.
  init(_ served: ServedModel) {
    name = served.name
    platform = "modelzoo"
    backend = "modelzoo"
    input = served.model.inputs.map { value in
      var input = WireModelInput()
      input.name = value.name
      input.dataType = WireDataType(value)
      input.dims = value.protocolShape.map { Int64($0) }
      return input
    }
    output = served.model.outputs.map { value in
      var output = WireModelOutput()
      output.name = value.name
      output.dataType = WireDataType(value)
      output.dims = value.protocolShape.map { Int64($0) }
      return output
    }
  }
}

extension WireDataType {
  fileprivate init(_ value: ValueInfo) {
    self =
      switch value.datatype {
      case "BOOL": .typeBool
      case "UINT8": .typeUint8
      case "UINT16": .typeUint16
      case "UINT32": .typeUint32
      case "UINT64": .typeUint64
      case "INT8": .typeInt8
      case "INT16": .typeInt16
      case "INT32": .typeInt32
      case "INT64": .typeInt64
      case "FP16": .typeFp16
      case "BF16": .typeBf16
      case "FP32": .typeFp32
      case "FP64": .typeFp64
      case "BYTES": .typeString
      default: .typeInvalid
      }
  }
}

extension WireModelStatistics {
  init(_ name: String, _ counts: ModelStatistics.Counts) {
    self.name = name
    version = ModelRepository.version
    lastInference = UInt64(counts.last)
    inferenceCount = UInt64(counts.rows)
    executionCount = UInt64(counts.executions)
    inferenceStats.success = WireStatisticDuration(counts.success)
    inferenceStats.fail = WireStatisticDuration(counts.failure)
    inferenceStats.queue = WireStatisticDuration(counts.queue)
    inferenceStats.computeInput = WireStatisticDuration(counts.requests.input)
    inferenceStats.computeInfer = WireStatisticDuration(counts.requests.infer)
    inferenceStats.computeOutput = WireStatisticDuration(counts.requests.output)
    batchStats = counts.batches.sorted { $0.key < $1.key }.map { rows, parts in
      var batch = WireInferBatchStatistics()
      batch.batchSize = UInt64(rows)
      batch.computeInput = WireStatisticDuration(parts.input)
      batch.computeInfer = WireStatisticDuration(parts.infer)
      batch.computeOutput = WireStatisticDuration(parts.output)
      return batch
    }
  }
}

extension WireStatisticDuration {
  fileprivate init(_ tally: ModelStatistics.Tally) {
    count = UInt64(tally.count)
    ns = UInt64(max(0, tally.duration.nanoseconds))
  }
}
