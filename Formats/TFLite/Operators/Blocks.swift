import GraphWriter
import ZooCore

extension LiteConverter {
  /// Height and width's block and padding of an operator that moves pixels to the batch or back.
  private func blocks() throws -> (block: [Int], padding: [Int]) {
    let (block, padding) = (try integers(1), try integers(2))
    let input = try needInput(0)
    guard input.shape.count == 4, block.count == 2, padding.count == 4, input.openAxes.isSubset(of: [0]),
      block.allSatisfy({ (1...(1 << 16)).contains($0) }), padding.allSatisfy({ (0...(1 << 24)).contains($0) })
    else {
      throw ZooError(.unsupported, "blocks of \(block.prefix(10)) in an input of shape \(input.shape)")
    }
    return (block, padding)
  }

  /// Every pixel of a block goes to a picture of its own; what exporters write around a dilated convolution.
  mutating func spaceToBatch() throws {
    let (block, padding) = try blocks()
    let shape = try needInput(0).shape
    let padded = [shape[1] + padding[0] + padding[1], shape[2] + padding[2] + padding[3]]
    guard padded[0] % block[0] == 0, padded[1] % block[1] == 0 else {
      throw ZooError(.badData, "blocks of \(block) do not divide \(padded)")
    }
    var name = try plain(input: 0)
    if padding.contains(where: { $0 != 0 }) {
      name = step("Pad", [name, try list([0, padding[0], padding[2], 0, 0, padding[1], padding[3], 0])])
    }
    let (height, width) = (padded[0] / block[0], padded[1] / block[1])
    name = step("Reshape", [name, try list([-1, height, block[0], width, block[1], shape[3]])])
    name = step("Transpose", [name], [.ints("perm", [2, 4, 0, 1, 3, 5])])
    try finish(step("Reshape", [name, list([-1, height, width, shape[3]])]), isRounded: keepsQuantization())
  }

  mutating func batchToSpace() throws {
    let (block, crops) = try blocks()
    let shape = try needInput(0).shape
    let (height, width) = (shape[1] * block[0], shape[2] * block[1])
    guard crops[0] + crops[1] < height, crops[2] + crops[3] < width else {
      throw ZooError(.badData, "nothing is left of \(height) by \(width) without \(crops)")
    }
    var name = step(
      "Reshape", [try plain(input: 0), try list([block[0], block[1], -1, shape[1], shape[2], shape[3]])])
    name = step("Transpose", [name], [.ints("perm", [2, 3, 0, 4, 1, 5])])
    name = step("Reshape", [name, try list([-1, height, width, shape[3]])])
    if crops.contains(where: { $0 != 0 }) {
      let ends = try list([height - crops[1], width - crops[3]])
      name = step("Slice", [name, try list([crops[0], crops[2]]), ends, try list([1, 2])])
    }
    try finish(name, isRounded: keepsQuantization())
  }
}
