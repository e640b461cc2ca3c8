import CModelZoo
import ZooCore

extension ElementType {
  /// DLPack's code and width of each type; no strings.
  private static let known: [(type: ElementType, code: Int, bits: Int)] = [
    (.float16, MZ_FLOAT, 16), (.float32, MZ_FLOAT, 32), (.float64, MZ_FLOAT, 64), (.bfloat16, MZ_BFLOAT, 16),
    (.int2, MZ_INT, 2), (.int4, MZ_INT, 4), (.int8, MZ_INT, 8), (.int16, MZ_INT, 16), (.int32, MZ_INT, 32),
    (.int64, MZ_INT, 64), (.uint2, MZ_UINT, 2), (.uint4, MZ_UINT, 4), (.uint8, MZ_UINT, 8), (.uint16, MZ_UINT, 16),
    (.uint32, MZ_UINT, 32), (.uint64, MZ_UINT, 64), (.bool, MZ_BOOL, 8), (.complex64, MZ_COMPLEX, 64),
    (.complex128, MZ_COMPLEX, 128), (.float8e4m3fn, 10, 8), (.float8e4m3fnuz, 11, 8), (.float8e5m2, 12, 8),
    (.float8e5m2fnuz, 13, 8), (.float8e8m0, 14, 8), (.float6e2m3, 15, 6), (.float6e3m2, 16, 6), (.float4e2m1, 17, 4),
  ]

  var inDLPack: mz_type? {
    Self.known.first { $0.type == self }.map { mz_type(code: UInt8($0.code), bits: UInt8($0.bits), lanes: 1) }
  }

  init?(_ type: mz_type) {
    let found = Self.known.first { $0.code == Int(type.code) && $0.bits == Int(type.bits) }
    guard let found, type.lanes == 1 else { return nil }
    self = found.type
  }
}

extension Tensor {
  private static let mostAxes = 64
  private static let pageSize = 4096

  /// The caller's tensor where it lies, for as long as the call, or a copy where kernels can't read it there: they load
  /// vectors, the last of which may run past the end by less than `TensorMemory.alignment` bytes.
  ///
  /// - Throws: `ZooError`: `badInput`, or `badShape` for a shape that makes no sense.
  init(borrowing tensor: mz_tensor, _ name: String) throws {
    func refused(_ message: String) -> ZooError { ZooError(.badInput, message, at: "input \"\(name)\"") }
    guard tensor.device.type == MZ_CPU else { throw refused("the tensor is on a device of type \(tensor.device.type)") }
    guard let type = ElementType(tensor.type) else {
      let (code, bits, lanes) = (tensor.type.code, tensor.type.bits, tensor.type.lanes)
      throw refused("no type of elements has the code \(code), \(bits) bits and \(lanes) lanes")
    }
    guard (0...Self.mostAxes).contains(Int(tensor.rank)) else { throw refused("the rank is \(tensor.rank)") }
    let rank = Int(tensor.rank)
    guard rank == 0 || tensor.shape != nil else { throw refused("the shape is NULL") }
    let shape = (0..<rank).map { Int(tensor.shape[$0]) }
    let byteCount: Int
    do { byteCount = try Tensor.byteCount(type: type, shape: shape) } catch {
      throw ZooError(.badShape, error.message, at: "input \"\(name)\"")
    }
    if let strides = tensor.strides {
      guard Self.isCompact(shape, (0..<rank).map { Int(strides[$0]) }) else {
        throw refused("the elements don't lie in row-major order without gaps")
      }
    }
    guard let offset = Int(exactly: tensor.byte_offset) else { throw refused("the offset is \(tensor.byte_offset)") }
    guard let data = tensor.data else {
      guard byteCount == 0 else { throw refused("the data are NULL") }
      try self.init(type: type, shape: shape) { _ in }
      return
    }
    let bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(data) + offset, count: byteCount)
    if Self.canBeRead(bytes) {
      let memory = TensorMemory(borrowing: bytes, owner: Borrowed())
      try self.init(type: type, shape: shape, memory: memory)
    } else {
      try self.init(type: type, shape: shape) { $0.copyMemory(from: bytes) }
    }
  }

  /// Whether the memory begins as kernels want it, and loads that run past its end stay in a page of it.
  private static func canBeRead(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return false }
    let last = (UInt(bitPattern: start) + UInt(bytes.count) - 1) % UInt(pageSize)
    return UInt(bitPattern: start) % UInt(TensorMemory.alignment) == 0
      && last + UInt(TensorMemory.alignment) < UInt(pageSize)
  }

  private static func isCompact(_ shape: [Int], _ strides: [Int]) -> Bool {
    if shape.contains(0) { return true }
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      guard stride == expected else { return false }
      expected *= extent
    }
    return true
  }

  /// The tensor for a caller of C, who frees it by its deleter. Its memory is not copied.
  ///
  /// - Throws: `ZooError` (`unsupported`) for strings.
  func managed(_ name: String) throws -> UnsafeMutablePointer<mz_managed_tensor> {
    guard let memory, let code = type.inDLPack else {
      throw ZooError(.unsupported, "the output \"\(name)\" holds strings, which DLPack does not have")
    }
    let extents = UnsafeMutablePointer<Int64>.allocate(capacity: max(shape.count, 1))
    for (axis, extent) in shape.enumerated() { (extents + axis).initialize(to: Int64(extent)) }
    let result = UnsafeMutablePointer<mz_managed_tensor>.allocate(capacity: 1)
    result.initialize(
      to: mz_managed_tensor(
        tensor: mz_tensor(
          data: memory.mutableBytes.baseAddress, device: mz_device(type: Int32(MZ_CPU), id: 0),
          rank: Int32(shape.count), type: code, shape: extents, strides: nil, byte_offset: 0),
        context: Unmanaged.passRetained(memory).toOpaque(),
        deleter: { tensor in
          guard let tensor else { return }
          tensor.pointee.tensor.shape.deallocate()
          tensor.pointee.context.map { Unmanaged<TensorMemory>.fromOpaque($0).release() }
          tensor.deallocate()
        }))
    return result
  }
}

/// Stands for a caller who sees to it himself that his memory stays.
private final class Borrowed {}
