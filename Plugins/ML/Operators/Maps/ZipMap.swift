import CZooPlugin
import PluginSupport
import ZooPlugin

/// ai.onnx.ml ZipMap: each row of a matrix as a map from the classes to its numbers.
struct ZipMap: Operator {
  let signature = Signature("ZipMap", domain: machineLearningDomain, since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let labels = try ClassLabels(node, ints: "classlabels_int64s")
    let width = labels.count
    return ClosureKernel { call in
      let matrix = call.input(0)
      guard matrix.type == .float32, (1...2).contains(matrix.rank), matrix[dimension: matrix.rank - 1] == width else {
        throw OperatorError("\(width) labels don't go with an input of shape \(matrix.shape)")
      }
      let keys =
        switch labels {
        case .ints(let numbers): try call.makeTensor(.int64, shape: [width], numbers)
        case .strings(let texts): try call.makeTensor(.string, shape: [width], try texts.map { try call.string($0) })
        }
      let rows = matrix.pointer(as: Float.self)
      let maps = try (0..<(matrix.rank == 2 ? matrix[dimension: 0] : 1)).map { row in
        try call.makeMap(keys: keys, values: call.makeTensor(.float32, shape: [width], rows + row * width))
      }
      try call.setOutput(0, to: call.makeSequence(maps))
    }
  }
}
