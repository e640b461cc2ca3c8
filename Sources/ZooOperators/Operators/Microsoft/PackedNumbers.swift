import ZooCore

/// Numbers of few bits in blocks with a scale each, as ONNX Runtime's quantizer packs them: bytes with the first number in
/// the low bits, each row by itself.
struct PackedNumbers {
  let type: ElementType
  let bits: Int
  let blockSize: Int
  let rows: Int
  /// Numbers of a row, filled up to whole blocks.
  let columns: Int

  init(_ node: Inference, rows: Int, columns: Int, blockSize: Int) throws {
    bits = try node.int("bits", default: 4)
    switch bits {
    case 2: type = .uint2
    case 4: type = .uint4
    case 8: type = .uint8
    default: throw ZooError(.unsupported, "bits is \(bits), not 2, 4 or 8")
    }
    try node.require(blockSize >= 8 / bits && blockSize & (blockSize - 1) == 0, "block_size is \(blockSize)")
    (self.blockSize, self.rows, self.columns) = (blockSize, rows, columns)
  }

  var blocks: Int { columns / blockSize }

  /// The zero points of all blocks, packed without gaps between rows; without a constant what is in the middle.
  func zeroPoints(_ packed: StoredTensor?) throws -> StoredTensor {
    let perByte = 8 / bits
    let rowBytes = (blocks + perByte - 1) / perByte
    let middle = [0, 0xAA, 0x88, 0x80][bits.trailingZeroBitCount]
    guard let packed else {
      return StoredTensor(
        try Tensor(type: type, shape: [rows, blocks]) { for i in $0.indices { $0[i] = UInt8(middle) } })
    }
    guard packed.type == .uint8, packed.byteCount == rowBytes * rows else {
      throw ZooError(
        .unsupported, "zero points are \(packed.type.name) of shape \(packed.shape), not uint8, packed row by row")
    }
    if blocks % perByte == 0 { return try packed.reinterpreted(as: type, [rows, blocks]) }
    let given = try packed.load().elements(UInt8.self)
    let mask = UInt8(1 << bits - 1)
    return StoredTensor(
      try Tensor(type: type, shape: [rows, blocks]) { bytes in
        for index in bytes.indices { bytes[index] = 0 }
        for index in 0..<rows * blocks {
          let (row, block) = index.quotientAndRemainder(dividingBy: blocks)
          let number = given[row * rowBytes + block / perByte] >> (block % perByte * bits) & mask
          bytes[index / perByte] |= number << (index % perByte * bits)
        }
      })
  }
}

extension FunctionBody {
  /// The numbers of the constant input `data`, (rows, columns), with the scales in `scales`.
  mutating func unpacked(
    _ packed: PackedNumbers, _ data: Int, scales: Int, zeroPoints: Int
  ) throws -> Value {
    let numbers = try constant(of: data).reinterpreted(as: packed.type, [packed.rows, packed.columns])
    let zeros = try packed.zeroPoints(node.has(zeroPoints) ? constant(of: zeroPoints) : nil)
    let scale = try constant(of: scales).reshaped([packed.rows, packed.blocks])
    return self(
      "DequantizeLinear", constant(numbers, of: [data]), constant(scale, of: [scales]),
      constant(zeros, of: node.has(zeroPoints) ? [zeroPoints] : [data]),
      attributes: ["axis": .int(1), "block_size": .int(Int64(packed.blockSize))])
  }
}
