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

  /// Applies slice by slice of the updates, of `slice` elements of `size` bytes, to those slices of the target that
  /// `places` names and that lie in `owned`.
  func apply(
    _ updates: UnsafeRawPointer, to target: UnsafeMutableRawPointer, at places: UnsafeBufferPointer<Int>,
    _ owned: Range<Int>, slice: Int, type: ElementType, size: Int
  ) {
    let bytes = slice * size
    switch self {
    case .none:
      zs_scatter(updates, target, bytes, places.baseAddress, places.count, owned.lowerBound, owned.upperBound)
    case .binary(let code):
      for (number, place) in places.enumerated() where owned.contains(place) {
        let (update, element) = (updates + number * bytes, target + place * bytes)
        _ = zs_typed_binary(type.rawValue, code, element, 1, update, 1, element, slice)
      }
    }
  }
}

/// Copies `x` to output 0, unless it is there already.
func copyThrough(_ x: TensorView, to outputs: Outputs) throws {
  guard let source = x.data, let target = outputs.data(0), source != target else { return }
  target.copyMemory(from: source, byteCount: x.count * (try x.elementByteCount))
}
