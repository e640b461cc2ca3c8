import CConvKernels
import CZooPlugin
import PluginSupport
import ZooPlugin

/// A convolution of 8-bit integers with zero points, whose int32 sums are exact. What ConvInteger and QLinearConv share.
struct IntegerConv: Sendable {
  let geometry: ConvGeometry

  /// - Parameter indices: of input, weights and bias among the node's inputs.
  init(_ node: Node, weights: Int, bias: Int?) throws {
    let (x, w) = (try node.input(0), try node.input(weights))
    for tensor in [x, w] where tensor.type != .int8 && tensor.type != .uint8 { throw unsupported(tensor.type) }
    geometry = try ConvGeometry(type: x.type, input: x.shape, weights: w.shape, node.attributes)
    if let bias, bias < node.ownInputCount, let tensor = node.optionalInput(bias) {
      guard tensor.type == .int32, tensor.shape == [w[dimension: 0]] else {
        throw OperatorError(
          "the bias is \(tensor.type.name) of shape \(tensor.shape), not int32 of [\(w[dimension: 0])]")
      }
    }
  }

  var channels: Int { geometry.groups * geometry.outputChannels }
  var positions: Int { geometry.window.output.reduce(1, *) }

  /// Calls `body` with the sums of each plane of the output, on all workers.
  func run(
    _ x: TensorView, _ weights: TensorView, xZero: TensorView?, weightZero: TensorView?, _ executor: Executor,
    _ body: (_ plane: Int, _ sums: UnsafeMutablePointer<Int32>) -> Void
  ) throws {
    let input = try centred(x, zero: xZero, run: x.count)
    let kernel = try centred(weights, zero: weightZero, run: weights.count / max(channels, 1))
    let shape = geometry.raw
    let positions = positions
    let room = try x.host.scratch(try executor.workerCount.times(positions), of: Int32.self)
    executor.parallelFor(geometry.batch * channels) { plane, worker in
      room.withPointer { room in
        let sums = room + worker * positions
        input.withPointer { input in
          kernel.withPointer { kernel in
            withUnsafePointer(to: shape) { conv_integer($0, input, kernel, sums, Int64(plane)) }
          }
        }
        body(plane, sums)
      }
    }
  }

  /// The elements minus the zero point, or minus that of each `run` of them.
  private func centred(_ tensor: TensorView, zero: TensorView?, run: Int) throws -> Scratch<Int32> {
    func integers(_ tensor: TensorView) throws -> Scratch<Int32> {
      let values = try tensor.host.scratch(tensor.count, of: Int32.self)
      switch tensor.type {
      case .int8: for index in values.indices { values[index] = Int32(tensor.pointer(as: Int8.self)[index]) }
      case .uint8: for index in values.indices { values[index] = Int32(tensor.pointer(as: UInt8.self)[index]) }
      default: throw unsupported(tensor.type)
      }
      return values
    }
    let values = try integers(tensor)
    guard let zero else { return values }
    let points = try integers(zero)
    guard points.count == 1 || (run > 0 && points.count * run == values.count) else {
      throw OperatorError("\(points.count) zero points for \(values.count / max(run, 1)) channels")
    }
    for index in values.indices { values[index] -= points[points.count == 1 ? 0 : index / run] }
    return values
  }
}
