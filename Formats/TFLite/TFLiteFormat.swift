import Files
import GraphWriter
import ZooCore
import ZooNumbers
import TensorFiles

/// TensorFlow Lite's models, `.tflite`: a FlatBuffers file of version 3 of the schema.
///
/// Float and quantized models become graphs of ONNX's operators. Weights stay in the mapped file.
package enum TFLiteFormat {
  /// Whether `beginning`, the first bytes of a file (8 are enough), is a TensorFlow Lite model.
  package static func sniff(_ beginning: UnsafeRawBufferPointer) -> Bool {
    beginning.count >= 8 && beginning[4..<8].elementsEqual(LiteModel.identifier)
  }

  /// The model at `path`.
  ///
  /// - Throws: `ZooError`: `notFound` for a missing file, `badData` for a damaged one, `unsupported` for an operator that
  ///   has no counterpart here, which is named.
  package static func read(_ path: String) throws -> ModelDefinition {
    try ZooError.locating(path) {
      try MappedFile.reading(path) { file in
        var converter = try LiteConverter(LiteModel(file))
        return try converter.model()
      }
    }
  }

  /// The constants alone of all graphs of the model at `path`, by their names in the file. Names that occur twice get a number.
  ///
  /// - Parameter dequantized: Whether integers that stand for real numbers become float32, and 16-bit floats too.
  /// - Throws: as `read`.
  package static func readWeights(_ path: String, dequantized: Bool = false) throws -> TensorFile {
    try ZooError.locating(path) {
      try MappedFile.reading(path) { file in
        var names = GraphWriter(name: "")
        var tensors: [NamedTensor] = []
        let model = try LiteModel(file)
        for tensor in try (0..<model.graphCount).flatMap({ try model.graph($0).tensors }) {
          guard let constant = tensor.constant else { continue }
          tensors.append(
            NamedTensor(name: names.name(tensor.name), tensor: dequantized ? try tensor.real(constant) : constant))
        }
        return TensorFile(tensors: tensors)
      }
    }
  }
}

extension LiteTensor {
  /// A constant's numbers as float32; as they are where they are neither quantized nor 16-bit floats.
  func real(_ constant: StoredTensor) throws -> StoredTensor {
    guard let quantization else {
      return try [.float16, .bfloat16].contains(type) ? constant.asFloat32() ?? constant : constant
    }
    if let result = try constant.dequantized(
      ZooNumbers.Quantization(
        scales: quantization.scales, zeroPoints: quantization.zeroPoints.map(Float.init), axis: quantization.axis))
    {
      return result
    }
    return try dequantizedBias(constant) ?? constant
  }

  /// Wide integers, which biases are, as float32; `nil` for other types.
  func dequantizedBias(_ constant: StoredTensor) throws -> StoredTensor? {
    guard let quantization else { return nil }
    let integers: [Int]
    switch constant.type {
    case .int32: integers = try constant.load().elements(Int32.self).map(Int.init)
    case .int64: integers = try constant.load().elements(Int64.self).map(Int.init)
    case .int16: integers = try constant.load().elements(Int16.self).map(Int.init)
    default: return nil
    }
    let inner = quantization.scales.count == 1 ? 1 : max(1, shape[(quantization.axis + 1)...].reduce(1, *))
    let numbers = integers.enumerated().map { index, integer -> Float in
      let channel = index / inner % quantization.scales.count
      return Float(Double(integer &- quantization.zeroPoints[channel]) * Double(quantization.scales[channel]))
    }
    return StoredTensor(try Tensor(numbers, shape: shape))
  }
}
