import ModelZoo
import NIOCore

/// What a model computed for a request, output by output in the request's order.
struct InferenceAnswer: Sendable {
  var request: InferenceRequest
  var outputs: [(InferenceRequest.Output, Tensor)]

  /// - Parameters:
  ///   - tensors: All that the model computed.
  ///   - order: The model's outputs in its order.
  ///   - labels: Of classes.
  /// - Throws: `Failure` (400) for an output that the model does not have.
  init(_ request: InferenceRequest, tensors: [String: Tensor], order: [String], labels: [String]) throws {
    self.request = request
    let wanted =
      request.outputs
      ?? order.map { InferenceRequest.Output(name: $0, isBinary: request.hasBinaryOutputs, classCount: nil) }
    outputs = try wanted.map { output in
      guard let tensor = tensors[output.name] else {
        throw Failure(.badRequest, "the model has no output \(output.name)")
      }
      return (output, try output.classCount.map { try tensor.bestClasses($0, labels) } ?? tensor)
    }
  }

  /// The body, and the length of its JSON where bytes follow that.
  func body(model: String) throws -> (ByteBuffer, jsonLength: Int?) {
    var binary = ByteBuffer()
    var buffer = try JSONWriter.object { json in
      json.member("model_name", model)
      json.member("model_version", ModelRepository.version)
      if let id = request.id { json.member("id", id) }
      try json.array("outputs") { json in
        for (output, tensor) in outputs {
          try json.object { json in
            json.member("name", output.name)
            guard let datatype = tensor.type.datatype else {
              throw Failure(.unprocessableContent, "the protocol has no elements of the type \(tensor.type.name)")
            }
            json.member("datatype", datatype)
            json.array("shape") { json in for extent in tensor.shape { json.element(literal: extent) } }
            if output.isBinary {
              let before = binary.writerIndex
              tensor.write(to: &binary)
              json.object("parameters") { $0.member("binary_data_size", binary.writerIndex - before) }
            } else {
              try json.array("data") { try tensor.write(to: &$0) }
            }
          }
        }
      }
    }
    guard outputs.contains(where: { $0.0.isBinary }) else { return (buffer, nil) }
    let length = buffer.readableBytes
    buffer.writeBuffer(&binary)
    return (buffer, length)
  }
}

extension Tensor {
  /// The highest `count` elements of each row as strings `value:index`, or `value:index:label`.
  ///
  /// - Throws: `Failure` (400) for a tensor without rows of numbers.
  func bestClasses(_ count: Int, _ labels: [String]) throws -> Tensor {
    guard type != .string, let classCount = shape.last, classCount > 0, let numbers = try? numbers() else {
      throw Failure(.badRequest, "classification needs rows of numbers, and the output has the shape \(shape)")
    }
    let kept = min(count, classCount)
    var strings: [[UInt8]] = []
    for start in stride(from: 0, to: numbers.count, by: classCount) {
      let row = numbers[start..<start + classCount]
      let best = row.indices.sorted { (row[$1], $0) < (row[$0], $1) }.prefix(kept)
      strings += best.map { place in
        let index = place - start
        return Array("\(Float(row[place])):\(index)\(index < labels.count ? ":\(labels[index])" : "")".utf8)
      }
    }
    return try Tensor(strings: strings, shape: shape.dropLast() + [kept])
  }
}
