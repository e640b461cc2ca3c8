import CModelZoo
import ModelZoo
import ZooCore

@_cdecl("mz_abi_version")
public func abiVersion() -> UInt32 { UInt32(MZ_ABI_VERSION) }

// As long as the process.
nonisolated(unsafe) private let version = CTexts([zooVersion])

@_cdecl("mz_version")
public func versionText() -> UnsafePointer<CChar>? { version.pointers[0].map { UnsafePointer($0) } }

// MARK: Opening

@_cdecl("mz_open")
public func open(
  _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<mz_options>?, _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> mz_status {
  opened(model, options) { try Model(named: String(c: path, "the path"), options: $0) }
}

@_cdecl("mz_open_memory")
public func open(
  _ bytes: UnsafeRawPointer?, _ count: Int, _ name: UnsafePointer<CChar>?, _ options: UnsafePointer<mz_options>?,
  _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> mz_status {
  opened(model, options) { options in
    guard let bytes else { throw needed("the memory") }
    guard count >= 0 else { throw ZooError(.usage, "\(UInt(bitPattern: count)) bytes are more than there are") }
    let name = try name.map { try String(c: $0, "the name") } ?? "model"
    return try Model(data: UnsafeRawBufferPointer(start: bytes, count: count), name: name, options: options)
  }
}

private func opened(
  _ model: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<mz_options>?,
  _ open: (Model.Options) throws -> Model
) -> mz_status {
  model?.pointee = nil
  return status {
    guard let model else { throw needed("the place for the model") }
    model.pointee = ModelHandle(try open(Model.Options(options))).retained
  }
}

extension Model.Options {
  fileprivate init(_ given: UnsafePointer<mz_options>?) throws {
    self.init()
    guard let given else { return }
    let options = try copied(given, given.pointee.size, usual: mz_options())
    if options.threads > 0 { threads = Int(options.threads) }
    if options.memory_limit > 0 { memoryLimit = Int(clamping: options.memory_limit) }
    scoreThreshold = options.score_threshold?.pointee
    switch Int(options.precision) {
    case MZ_FLOAT32: precision = .float32
    case MZ_BFLOAT16: precision = .bfloat16
    case MZ_INT8: precision = .int8
    case MZ_EXACT: precision = .exact
    default: throw ZooError(.usage, "there is no precision \(options.precision)")
    }
  }
}

@_cdecl("mz_close")
public func close(_ model: OpaquePointer?) { ModelHandle.release(model) }

@_cdecl("mz_warm_up")
public func warmUp(_ model: OpaquePointer?) -> mz_status { status { try ModelHandle.needed(model).model.warmUp() } }

// MARK: Looking

@_cdecl("mz_task")
public func task(_ model: OpaquePointer?) -> UnsafePointer<CChar>? { first(ModelHandle.at(model)?.task) }

@_cdecl("mz_name")
public func name(_ model: OpaquePointer?) -> UnsafePointer<CChar>? { first(ModelHandle.at(model)?.name) }

private func first(_ texts: CTexts?) -> UnsafePointer<CChar>? { texts?.pointers.first.flatMap { UnsafePointer($0) } }

@_cdecl("mz_label_count")
public func labelCount(_ model: OpaquePointer?) -> Int { ModelHandle.at(model)?.labels.pointers.count ?? 0 }

@_cdecl("mz_label")
public func label(_ model: OpaquePointer?, _ index: Int) -> UnsafePointer<CChar>? {
  guard let labels = ModelHandle.at(model)?.labels.pointers, labels.indices.contains(index) else { return nil }
  return labels[index].map { UnsafePointer($0) }
}

@_cdecl("mz_input_count")
public func inputCount(_ model: OpaquePointer?) -> Int { ModelHandle.at(model)?.inputs.count ?? 0 }

@_cdecl("mz_output_count")
public func outputCount(_ model: OpaquePointer?) -> Int { ModelHandle.at(model)?.outputs.count ?? 0 }

@_cdecl("mz_input")
public func input(_ model: OpaquePointer?, _ index: Int, _ value: UnsafeMutablePointer<mz_value>?) -> mz_status {
  describe(model, \.inputs, index, value)
}

@_cdecl("mz_output")
public func output(_ model: OpaquePointer?, _ index: Int, _ value: UnsafeMutablePointer<mz_value>?) -> mz_status {
  describe(model, \.outputs, index, value)
}

private func describe(
  _ model: OpaquePointer?, _ list: KeyPath<ModelHandle, [ValueDescription]>, _ index: Int,
  _ value: UnsafeMutablePointer<mz_value>?
) -> mz_status {
  status {
    let values = try ModelHandle.needed(model)[keyPath: list]
    guard let value else { throw needed("the place for the value") }
    guard values.indices.contains(index) else {
      throw ZooError(.usage, "there is no value \(UInt(bitPattern: index)): the model has \(values.count)")
    }
    try values[index].describe(in: value)
  }
}
