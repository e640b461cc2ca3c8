import CModelZoo
import ModelZoo
import ZooCore
import ZooSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Texts in C, as long as the object lives.
final class CTexts {
  let pointers: [UnsafeMutablePointer<CChar>?]

  init(_ texts: [String]) { pointers = texts.map { strdup($0) } }

  deinit { pointers.forEach { free($0) } }
}

/// What `mz_model` points to.
final class ModelHandle {
  let model: Model
  let inputs, outputs: [ValueDescription]
  let name, task, labels: CTexts

  init(_ model: Model) {
    self.model = model
    inputs = model.inputs.map(ValueDescription.init)
    outputs = model.outputs.map(ValueDescription.init)
    name = CTexts([model.metadata.name])
    task = CTexts([model.metadata.task.rawValue])
    labels = CTexts(model.metadata.labels)
  }

  /// A pointer for the caller, who gives it back to `release`.
  var retained: OpaquePointer { OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }

  static func at(_ pointer: OpaquePointer?) -> ModelHandle? {
    pointer.map { Unmanaged<ModelHandle>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
  }

  static func needed(_ pointer: OpaquePointer?) throws -> ModelHandle {
    guard let handle = at(pointer) else { throw ModelZooC.needed("the model") }
    return handle
  }

  static func release(_ pointer: OpaquePointer?) {
    if let pointer { Unmanaged<ModelHandle>.fromOpaque(UnsafeRawPointer(pointer)).release() }
  }
}

/// What `mz_call` points to.
final class CallHandle {
  let control: RunControl

  init(seconds: Double) {
    // More than thirty years are no deadline, nor is what is no number.
    let isDeadline = seconds > 0 && seconds < 1e9
    control = RunControl(deadline: isDeadline ? .now + .seconds(seconds) : nil)
  }

  var retained: OpaquePointer { OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }

  static func at(_ pointer: OpaquePointer?) -> CallHandle? {
    pointer.map { Unmanaged<CallHandle>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
  }

  static func release(_ pointer: OpaquePointer?) {
    if let pointer { Unmanaged<CallHandle>.fromOpaque(UnsafeRawPointer(pointer)).release() }
  }

  /// What `body` gives, which `call` may end.
  static func with<Result>(_ call: OpaquePointer?, _ body: () throws -> Result) throws -> Result {
    guard let call = at(call) else { return try body() }
    return try RunControl.$current.withValue(call.control) {
      try call.control.check()
      return try body()
    }
  }
}

/// What `mz_value` tells, in memory that stays.
final class ValueDescription {
  let name: String
  private let texts: CTexts
  private let type: mz_type
  private let rank: Int32
  private let shape: UnsafeMutablePointer<Int64>
  private let symbols: UnsafeMutablePointer<UnsafePointer<CChar>?>

  init(_ info: ValueInfo) {
    name = info.name
    var dimensions: [ShapeDimension]?
    var element: ElementType?
    if case .tensor(let number, let shape)? = info.type?.form {
      (element, dimensions) = (ElementType(rawValue: number), shape)
    }
    type = element?.inDLPack ?? mz_type()
    rank = dimensions.map { Int32(clamping: $0.count) } ?? -1
    let extents = (dimensions ?? []).map(\.extent)
    shape = .allocate(capacity: max(extents.count, 1))
    symbols = .allocate(capacity: max(extents.count, 1))
    texts = CTexts(
      [info.name] + extents.map { if case .symbol(let symbol) = $0 { symbol } else { "" } })
    for (axis, extent) in extents.enumerated() {
      (shape + axis).initialize(to: -1)
      (symbols + axis).initialize(to: nil)
      switch extent {
      case .fixed(let extent): shape[axis] = extent
      case .symbol: symbols[axis] = texts.pointers[axis + 1].map { UnsafePointer($0) }
      case .unknown: break
      }
    }
  }

  deinit {
    shape.deallocate()
    symbols.deallocate()
  }

  /// Writes as many fields as the caller knows.
  func describe(in value: UnsafeMutablePointer<mz_value>) throws {
    let size = value.pointee.size
    guard size >= MemoryLayout<Int>.size else {
      throw ZooError(.usage, "the size of mz_value is \(size)", advice: "set it to sizeof(mz_value)")
    }
    let known = mz_value(
      size: size, name: texts.pointers[0], type: type, rank: rank, shape: shape, symbols: symbols)
    withUnsafeBytes(of: known) { bytes in
      UnsafeMutableRawPointer(value).copyMemory(from: bytes.baseAddress!, byteCount: min(size, bytes.count))
    }
  }
}
