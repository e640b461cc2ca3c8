import CConvKernels
import PluginSupport
import ZooPlugin

/// How a transposed convolution's kernel moves over the output: the attributes of ConvTranspose, checked.
struct TransposedWindow: Equatable {
  var input: [Int]
  var output: [Int]
  var kernel: [Int]
  var strides: [Int]
  var dilations: [Int]
  /// What is cut off before the first position of each axis.
  var padBegin: [Int]

  /// - Throws: `OperatorError` for attributes that contradict the shapes, or that no output can come from.
  init(_ attributes: Attributes, input: [Int], kernel: [Int]) throws {
    let axes = input.count
    guard (1...3).contains(axes) else {
      throw OperatorError("\(axes) spatial axes are not supported, only 1 to 3", kind: .unsupported)
    }
    guard input.allSatisfy({ WindowLimits.extents ~= $0 }), kernel.allSatisfy({ WindowLimits.steps ~= $0 }) else {
      throw OperatorError("the input's extents \(input) or the kernel's \(kernel) are out of range")
    }
    if let given = try attributes.ints("kernel_shape"), given != kernel {
      throw OperatorError("kernel_shape is \(given), but the weights have \(kernel)")
    }
    self.input = input
    self.kernel = kernel
    strides = try checkedList(attributes, "strides", count: axes, default: 1, in: WindowLimits.steps)
    dilations = try checkedList(attributes, "dilations", count: axes, default: 1, in: WindowLimits.steps)
    let pads = try checkedList(attributes, "pads", count: 2 * axes, default: 0, in: WindowLimits.pads)
    let extra = try checkedList(attributes, "output_padding", count: axes, default: 0, in: WindowLimits.pads)
    let padding = try attributes.string("auto_pad") ?? "NOTSET"
    guard ["NOTSET", "", "VALID", "SAME_UPPER", "SAME_LOWER"].contains(padding) else {
      throw OperatorError("auto_pad is \"\(padding)\", which ONNX does not know")
    }
    var wanted = try attributes.ints("output_shape")
    if let given = wanted, given.count == axes + 2 { wanted = Array(given.dropFirst(2)) }
    if let wanted, wanted.count != axes || !wanted.allSatisfy({ WindowLimits.steps ~= $0 }) {
      throw OperatorError("output_shape is \(wanted) for \(axes) spatial axes")
    }
    padBegin = Array(repeating: 0, count: axes)
    output = []
    for axis in 0..<axes {
      // All that the windows of all positions reach.
      let reach = strides[axis] * max(input[axis] - 1, 0) + (kernel[axis] - 1) * dilations[axis] + 1 + extra[axis]
      var extent = wanted?[axis]
      if extent == nil, padding.hasPrefix("SAME") { extent = input[axis] * strides[axis] }
      if let extent {
        guard extent <= reach + WindowLimits.pads.upperBound else {
          throw OperatorError("an output of \(extent) is beyond the \(reach) positions that the kernel reaches")
        }
        let total = max(reach - extent, 0)
        padBegin[axis] = padding == "SAME_UPPER" ? total / 2 : total - total / 2
        output.append(extent)
        continue
      }
      let isExplicit = padding == "NOTSET" || padding == ""
      padBegin[axis] = isExplicit ? pads[axis] : 0
      let size = reach - (isExplicit ? pads[axis] + pads[axes + axis] : 0)
      guard size > 0 else { throw OperatorError("pads of spatial axis \(axis) leave nothing of \(reach) positions") }
      output.append(size)
    }
  }

  var taps: Int { saturatingProduct(kernel) }
  var positions: Int { input.reduce(1, *) }
  var outputPositions: Int { output.reduce(1, *) }

  var raw: conv_window {
    conv_window(
      input: input, output: output, kernel: kernel, strides: strides, dilations: dilations, padBegin: padBegin)
  }

  init(input: [Int], output: [Int], kernel: [Int], strides: [Int], dilations: [Int], padBegin: [Int]) {
    self.input = input
    self.output = output
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.padBegin = padBegin
  }
}
