import CStandardKernels
import PluginSupport
import ZooPlugin

/// What ScatterElements and ScatterND do with an update: put it in the element's place, or combine both.
enum ScatterReduction: Sendable {
  case none
  case binary(Int32)

  init(_ node: Node) throws {
    switch try node.attributes.string("reduction") ?? "none" {
    case "none": self = .none
    case "add": self = .binary(ZS_ADD.code)
    case "mul": self = .binary(ZS_MUL.code)
    case "min": self = .binary(ZS_MIN.code)
    case "max": self = .binary(ZS_MAX.code)
    case let other: throw OperatorError("the reduction \"\(other)\" is unknown")
    }
  }

  /// - Throws: `OperatorError` for types that are not numbers, where something has to be computed.
  func check(_ type: ElementType) throws {
    guard case .binary(let code) = self else { return }
    guard zs_typed_binary(type.rawValue, code, nil, 0, nil, 0, nil, 0) == 1 else { throw unsupported(type) }
  }

  /// `count` elements of `size` bytes each.
  func apply(
    _ updates: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int, type: ElementType, size: Int
  ) {
    switch self {
    case .none: target.copyMemory(from: updates, byteCount: count * size)
    case .binary(let code): _ = zs_typed_binary(type.rawValue, code, target, 1, updates, 1, target, count)
    }
  }
}

/// Copies `x` to output 0, unless it is there already.
func copyThrough(_ x: TensorView, to outputs: Outputs) throws {
  guard let source = x.data, let target = outputs.data(0), source != target else { return }
  target.copyMemory(from: source, byteCount: x.count * (try x.elementByteCount))
}
