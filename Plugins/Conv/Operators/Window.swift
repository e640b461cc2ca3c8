import CConvKernels
import PluginSupport
import ZooPlugin

/// How a kernel moves over the spatial axes of its input: the attributes that Conv and the pools share, checked.
struct Window: Equatable {
  var input: [Int]
  var output: [Int]
  var kernel: [Int]
  var strides: [Int]
  var dilations: [Int]
  /// Before the first element of each axis, and after the last.
  var padBegin: [Int]
  var padEnd: [Int]

  var isPadded: Bool { (padBegin + padEnd).contains { $0 != 0 } }

  /// - Parameters:
  ///   - kernel: from the weights' shape, or `nil` to take the attribute `kernel_shape`.
  ///   - mayExceed: whether a kernel may be larger than the padded input. ONNX Runtime's pools then see what there is of
  ///     it, once where the kernel exceeds it by less than a stride, and have no output where by less than two.
  /// - Throws: `OperatorError` for attributes that contradict the shapes, or that no output can come from.
  init(_ attributes: Attributes, input: [Int], kernel weights: [Int]?, mayExceed: Bool = false) throws {
    let axes = input.count
    guard axes >= 1 else { throw OperatorError("the input has no spatial axes") }
    guard axes <= 3 else {
      throw OperatorError("\(axes) spatial axes are not supported, only 1 to 3", kind: .unsupported)
    }
    guard input.allSatisfy({ WindowLimits.extents ~= $0 }) else {
      throw OperatorError("the input's extents \(input) are out of range")
    }
    if weights == nil, !attributes.contains("kernel_shape") { throw OperatorError("kernel_shape is missing") }
    kernel = try checkedList(attributes, "kernel_shape", count: axes, default: 1, in: WindowLimits.steps)
    if let weights {
      guard weights.allSatisfy({ WindowLimits.steps ~= $0 }) else {
        throw OperatorError("the kernel has shape \(weights)")
      }
      if attributes.contains("kernel_shape"), kernel != weights {
        throw OperatorError("kernel_shape is \(kernel), but the weights have \(weights)")
      }
      kernel = weights
    }
    strides = try checkedList(attributes, "strides", count: axes, default: 1, in: WindowLimits.steps)
    dilations = try checkedList(attributes, "dilations", count: axes, default: 1, in: WindowLimits.steps)
    self.input = input
    output = []
    let padding = try attributes.string("auto_pad") ?? "NOTSET"
    let pads = try checkedList(attributes, "pads", count: 2 * axes, default: 0, in: WindowLimits.pads)
    padBegin = Array(repeating: 0, count: axes)
    padEnd = padBegin
    let ceiling = try (attributes.int("ceil_mode") ?? 0) != 0
    for axis in 0..<axes {
      let span = (kernel[axis] - 1) * dilations[axis] + 1
      let stride = strides[axis]
      switch padding {
      case "NOTSET", "":
        padBegin[axis] = pads[axis]
        padEnd[axis] = pads[axes + axis]
      case "VALID": break
      case "SAME_UPPER", "SAME_LOWER":
        let extent = (input[axis] + stride - 1) / stride
        let total = max((extent - 1) * stride + span - input[axis], 0)
        guard total <= 2 * WindowLimits.pads.upperBound else {
          throw OperatorError("the dilated kernel's extent \(span) is too large to pad for", kind: .unsupported)
        }
        padBegin[axis] = padding == "SAME_UPPER" ? total / 2 : total - total / 2
        padEnd[axis] = total - padBegin[axis]
        output.append(extent)
        continue
      default: throw OperatorError("auto_pad is \"\(padding)\", which ONNX does not know")
      }
      let room = input[axis] + padBegin[axis] + padEnd[axis] - span
      // Of less than nothing, the quotient is cut off towards zero.
      guard room >= 0 || mayExceed && room / stride >= -1 else {
        throw OperatorError(
          "a kernel that spans \(span) does not fit into the padded extent \(room + span) of spatial axis \(axis)")
      }
      var extent = room / stride + 1
      // A window that begins in the padding after the input would see nothing.
      if ceiling, room > 0, room % stride != 0, extent * stride < input[axis] + padBegin[axis] { extent += 1 }
      output.append(extent)
    }
  }

  var raw: conv_window {
    conv_window(
      input: input, output: output, kernel: kernel, strides: strides, dilations: dilations, padBegin: padBegin,
      padEnd: padEnd)
  }

  /// Taps of the kernel; saturates.
  var taps: Int { saturatingProduct(kernel) }
  /// Lines of them along the last axis; saturates.
  var lines: Int { saturatingProduct(Array(kernel.dropLast())) }
}
