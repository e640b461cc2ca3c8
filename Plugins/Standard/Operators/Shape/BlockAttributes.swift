import ZooPlugin

/// The attributes `blocksize` and `mode` of SpaceToDepth and DepthToSpace: in mode DCR the channel comes behind the place
/// in the block, in CRD before it.
func blockAttributes(_ node: Node) throws -> (size: Int, isChannelLast: Bool) {
  guard let size = try node.attributes.int("blocksize"), (1...1 << 20).contains(size) else {
    throw OperatorError("attribute blocksize is missing, or no number from 1 to \(1 << 20)")
  }
  let mode = try node.attributes.string("mode") ?? "DCR"
  guard ["DCR", "CRD"].contains(mode) else { throw OperatorError("mode is \"\(mode)\", it should be DCR or CRD") }
  return (size, mode == "DCR")
}
