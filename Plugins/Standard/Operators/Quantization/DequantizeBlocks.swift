import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// zoo.weights DequantizeBlocks: what bytes in GGUF's blocks stand for, along the last axis. The attribute `type` is ggml's
  /// number of the blocks' type.
  static func dequantizeBlocks(_ host: ZooHost) -> any Operator {
    ShapedOperator("DequantizeBlocks", domain: "zoo.weights") { node in
      let type = try WeightType(node)
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let blocks = try inputs[0]
          guard blocks.type == .uint8, blocks.rank > 0, blocks[dimension: blocks.rank - 1] % type.byteCount == 0 else {
            throw OperatorError("a tensor of shape \(blocks.shape) holds no whole blocks of \(type.byteCount) bytes")
          }
          guard outputs.isWritable(0), let bytes = blocks.data else { return }
          let numbers = outputs.pointer(0, as: Float.self)
          outputs.executor.parallelRanges(blocks.count / type.byteCount, grain: 16384 / type.count) { range in
            zs_read_weight_blocks(
              type.raw, bytes + range.lowerBound * type.byteCount, range.count, numbers + range.lowerBound * type.count)
          }
        })
    }
  }
}

/// A type of blocks that kernels know.
struct WeightType: Sendable {
  nonisolated(unsafe) let raw: UnsafePointer<zs_weight_type>

  /// - Throws: `OperatorError` for a node whose `type` is none.
  init(_ node: Node) throws {
    let number = try node.attributes.int("type") ?? 0
    guard let number = Int32(exactly: number), let found = zs_weight_type_of(number) else {
      throw OperatorError("blocks of ggml's type \(number) can't be computed with", kind: .unsupported)
    }
    raw = found
  }

  /// Elements and bytes of a block.
  var count: Int { Int(raw.pointee.count) }
  var byteCount: Int { Int(raw.pointee.bytes) }
}
