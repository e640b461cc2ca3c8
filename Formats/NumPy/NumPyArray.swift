import Files
import Zip
import ZooCore

/// An array of a `.npy` file, whose elements stay where they are until somebody wants them.
struct NumPyArray: TensorSource {
  private enum Place {
    /// The whole `.npy` file.
    case memory(TensorMemory)
    /// One that is compressed; it is inflated whenever it is read.
    case member(ZipArchive, ZipArchive.Entry)
  }

  private let place: Place
  private let header: NumPyHeader
  let readsInPieces: Bool

  /// The array in `memory`, a whole `.npy` file.
  init(_ memory: TensorMemory) throws {
    let header = try memory.withBytes { try NumPyHeader($0, fileSize: memory.count) }
    let isOneRun = try header.numbers != nil && Self.elements(in: memory, header).readsInPieces
    self.init(place: .memory(memory), header: header, readsInPieces: isOneRun)
  }

  func checkUnchanged() throws {
    switch place {
    case .memory(let memory): try memory.checkUnchanged()
    case .member(let archive, _): try archive.file.checkUnchanged()
    }
  }

  private init(place: Place, header: NumPyHeader, readsInPieces: Bool) {
    self.place = place
    self.header = header
    self.readsInPieces = readsInPieces
  }

  /// The array that is an entry of an archive.
  ///
  /// - Parameter checksum: Whether to compare that of a stored entry now.
  init(_ entry: ZipArchive.Entry, of archive: ZipArchive, checksum: Bool) throws {
    guard entry.isDeflated else {
      self = try NumPyArray(archive.contents(entry, checksum: checksum))
      return
    }
    let beginning = try archive.beginning(of: entry, count: NumPyHeader.greatestSize)
    self.init(
      place: .member(archive, entry),
      header: try beginning.withBytes { try NumPyHeader($0, fileSize: entry.byteCount) },
      readsInPieces: false)
  }

  /// The array as a tensor that is read on demand.
  func stored() throws -> StoredTensor {
    try StoredTensor(type: header.numbers ?? .string, shape: header.shape, source: self)
  }

  func load(type: ElementType, shape: [Int]) throws -> Tensor {
    let memory = try memory()
    guard type != .string else { return try NumPyStrings.read(memory, header) }
    guard !swaps else { return try Tensor(type: type, shape: shape) { try read(into: $0, type: type, shape: shape) } }
    return try Self.elements(in: memory, header).load(type: type, shape: shape)
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try Self.elements(in: memory(), header).read(into: bytes, type: type, shape: shape)
    if swaps { bytes.swapByteOrder(width: numberSize) }
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]) throws {
    let size = header.elementSize
    guard !swaps || offset % size == 0 && bytes.count % size == 0 else {
      throw ZooError(.defect, "\(bytes.count) bytes at \(offset) are no whole elements of \(size) bytes")
    }
    try Self.elements(in: memory(), header).read(into: bytes, at: offset, type: type, shape: shape)
    if swaps { bytes.swapByteOrder(width: numberSize) }
  }

  private func memory() throws -> TensorMemory {
    switch place {
    case .memory(let memory): memory
    case .member(let archive, let entry): try archive.contents(entry, checksum: true)
    }
  }

  private static func elements(in memory: TensorMemory, _ header: NumPyHeader) throws -> StridedSource {
    let shape = header.shape
    let count = try Tensor.elementCount(of: shape)
    let part = UnsafeRawBufferPointer(
      rebasing: memory.mutableBytes[header.dataOffset..<header.dataOffset + count * header.elementSize])
    var strides = shape
    var step = 1
    for axis in header.isFortranOrder ? Array(shape.indices) : shape.indices.reversed() {
      strides[axis] = step
      step *= max(shape[axis], 1)
    }
    return try StridedSource(
      memory: TensorMemory(borrowing: part, owner: memory), type: header.numbers ?? .uint8, offset: 0, shape: shape,
      strides: strides)
  }

  // MARK: Byte order

  /// Bytes of a number; a complex number is two.
  private var numberSize: Int {
    header.numbers == .complex64 || header.numbers == .complex128 ? header.elementSize / 2 : header.elementSize
  }

  private var swaps: Bool { header.isBigEndian && numberSize > 1 }
}
