import ZooCore

/// Decides which tensors go to the external file, and where in it.
final class ExternalPlacement {
  /// Which tensors leave the model's own file.
  enum Reach: CaseIterable {
    case none
    case initializers
    case attributesToo
  }

  /// Below this, a tensor stays in the model, as the onnx package has it by default.
  private static let leastByteCount = 1024
  /// A page, so that other software can map each tensor (ONNX, "External Tensor Data").
  private static let alignment = 4096

  let fileName: String
  private let reach: Reach
  /// The tensors of the external file, in order.
  private(set) var tensors: [(offset: Int, tensor: StoredTensor)] = []
  private var end = 0

  init(fileName: String, reach: Reach) {
    self.fileName = fileName
    self.reach = reach
  }

  /// The offset of `tensor` in the external file; `nil` if it belongs into the model itself.
  func place(_ tensor: StoredTensor, isInitializer: Bool) throws -> Int? {
    guard reach == .attributesToo || reach == .initializers && isInitializer,
      tensor.byteCount >= Self.leastByteCount
    else { return nil }
    let offset = (end + Self.alignment - 1) / Self.alignment * Self.alignment
    let (newEnd, overflow) = offset.addingReportingOverflow(tensor.byteCount)
    guard !overflow, newEnd <= Int.max - Self.alignment else {
      throw ZooError(.badData, "the model's tensors are larger than any file")
    }
    end = newEnd
    tensors.append((offset, tensor))
    return offset
  }
}
