import CZooPlugin

/// A plugin: a name and operators.
public struct Plugin: Sendable {
  public var name: String
  public var version: String
  /// Makes the operators for a host; kernels keep `ZooHost` for its CPU features and memory.
  public var operators: @Sendable (ZooHost) throws -> [any Operator]

  public init(name: String, version: String, operators: @escaping @Sendable (ZooHost) throws -> [any Operator]) {
    self.name = name
    self.version = version
    self.operators = operators
  }

  /// The C table of this plugin for the host that asks; a shared library's `zoo_plugin_entry` returns it.
  ///
  /// ```swift
  /// @_cdecl("zoo_plugin_entry")
  /// public func entry(_ abi: UInt32, _ host: UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>? {
  ///   plugin.export(abi, host)
  /// }
  /// ```
  public func export(_ hostVersion: UInt32, _ host: UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>? {
    guard hostVersion == ZOO_PLUGIN_ABI_VERSION else {
      host.pointee.set_error(
        "plugin \(name) speaks ABI version \(ZOO_PLUGIN_ABI_VERSION), the host version \(hostVersion)")
      return nil
    }
    guard host.has(\.set_error) else { return nil }
    do {
      let tables = try operators(ZooHost(raw: host)).map { table(of: $0, host: host) }
      // The host keeps what it gets for the life of the process, so none of this is ever freed.
      let list = UnsafeMutablePointer<UnsafePointer<zoo_operator>?>.allocate(capacity: max(tables.count, 1))
      for (index, table) in tables.enumerated() { list[index] = UnsafePointer(table) }
      let plugin = UnsafeMutablePointer<zoo_plugin>.allocate(capacity: 1)
      plugin.initialize(
        to: zoo_plugin(
          size: MemoryLayout<zoo_plugin>.size, abi_version: ZOO_PLUGIN_ABI_VERSION, name: permanent(name),
          version: permanent(version), operators: UnsafePointer(list), operator_count: tables.count))
      return UnsafePointer(plugin)
    } catch {
      host.pointee.set_error("plugin \(name): \(error)")
      return nil
    }
  }
}

/// What an operator's callbacks get back as their context.
private final class Registration {
  let implementation: any Operator
  let host: ZooHost

  init(_ implementation: any Operator, host: UnsafePointer<zoo_host>) {
    self.implementation = implementation
    self.host = ZooHost(raw: host)
  }
}

/// What a kernel's callbacks get back as their state.
private final class KernelState {
  let kernel: any Kernel
  let host: ZooHost
  let summary: UnsafePointer<CChar>?

  init(_ kernel: any Kernel, host: ZooHost) {
    self.kernel = kernel
    self.host = host
    summary = kernel.summary.map(permanent)
  }

  deinit { summary.map { UnsafeMutablePointer(mutating: $0).deallocate() } }
}

private func table(of implementation: any Operator, host: UnsafePointer<zoo_host>) -> UnsafeMutablePointer<zoo_operator>
{
  let signature = implementation.signature
  let table = UnsafeMutablePointer<zoo_operator>.allocate(capacity: 1)
  table.initialize(
    to: zoo_operator(
      size: MemoryLayout<zoo_operator>.size, domain: permanent(signature.domain), op_type: permanent(signature.name),
      since_version: signature.since,
      context: Unmanaged.passRetained(Registration(implementation, host: host)).toOpaque(),
      create: create, infer: infer, accepts: accepts, choose_layouts: chooseLayouts, reads_in_pieces: readsInPieces))
  return table
}

/// A copy that is never freed.
func permanent(_ text: String) -> UnsafePointer<CChar> {
  let bytes = text.utf8CString
  let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
  for (index, byte) in bytes.enumerated() { copy[index] = byte }
  return UnsafePointer(copy)
}

/// Runs `body` and turns what it throws into a status and the host's error message.
private func guarded(_ host: ZooHost, _ body: () throws -> Void) -> zoo_status {
  do {
    try body()
    return zoo_status(ZOO_OK)
  } catch let error as OperatorError {
    host.raw.pointee.set_error(error.description)
    switch error.kind {
    case .invalid: return zoo_status(ZOO_INVALID)
    case .unsupported: return zoo_status(ZOO_UNSUPPORTED)
    case .outOfMemory: return zoo_status(ZOO_NO_MEMORY)
    }
  } catch {
    host.raw.pointee.set_error("\(error)")
    return zoo_status(ZOO_FAILED)
  }
}

private func registration(_ context: UnsafeMutableRawPointer?) -> Registration {
  Unmanaged<Registration>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
}

private func infer(
  context: UnsafeMutableRawPointer?, node: UnsafePointer<zoo_node>?,
  outputs: UnsafePointer<UnsafeMutablePointer<zoo_tensor>?>?
) -> zoo_status {
  let registration = registration(context)
  return guarded(registration.host) {
    let node = node.unsafelyUnwrapped
    let types = try registration.implementation.infer(Node(node, host: registration.host))
    for index in 0..<node.pointee.output_count {
      guard index < types.count else {
        throw OperatorError("the operator has \(types.count) outputs, not \(index + 1)")
      }
      let output = outputs.unsafelyUnwrapped[index].unsafelyUnwrapped
      try output.describe(types[index].kind)
      guard let shape = types[index].shape else {
        output.pointee.rank = ZOO_RANK_UNKNOWN
        continue
      }
      guard shape.count <= ZOO_MAX_RANK else {
        throw OperatorError("rank \(shape.count) is too high", kind: .unsupported)
      }
      output.pointee.rank = Int32(shape.count)
      let dimensions = UnsafeMutablePointer(mutating: output.pointee.shape).unsafelyUnwrapped
      for (dimension, extent) in shape.enumerated() { dimensions[dimension] = Int64(extent) }
    }
  }
}

extension UnsafeMutablePointer<zoo_tensor> {
  fileprivate func describe(_ kind: OutputKind) throws {
    switch kind {
    case .tensor(let type): pointee.type = try known(type)
    case .sequence(let element): try hold(ZOO_VALUE_SEQUENCE, element)
    case .optional(let element): try hold(ZOO_VALUE_OPTIONAL, element)
    case .map(let keys, let values):
      pointee.type = try known(keys)
      try hold(ZOO_VALUE_MAP, values)
    }
  }

  private func hold(_ kind: Int, _ element: OutputKind) throws {
    pointee.kind = Int32(kind)
    if case .tensor(let type) = element, kind != ZOO_VALUE_MAP {
      pointee.type = try known(type)
      return
    }
    guard UnsafePointer(self).has(\.element), let inner = pointee.element else {
      throw OperatorError("the host does not know of such an output", kind: .unsupported)
    }
    try inner.describe(element)
  }

  private func known(_ type: ElementType) throws -> Int32 {
    guard ElementType.known.contains(type.rawValue) else {
      throw OperatorError("there is no element type number \(type.rawValue)")
    }
    return type.rawValue
  }
}

private func create(
  context: UnsafeMutableRawPointer?, node: UnsafePointer<zoo_node>?, executor: UnsafePointer<zoo_executor>?,
  kernel: UnsafeMutablePointer<zoo_kernel>?
) -> zoo_status {
  let registration = registration(context)
  return guarded(registration.host) {
    let made = try registration.implementation.makeKernel(
      Node(node.unsafelyUnwrapped, host: registration.host), on: Executor(executor.unsafelyUnwrapped))
    publish(made, for: node.unsafelyUnwrapped, host: registration.host, to: kernel.unsafelyUnwrapped)
  }
}

private func accepts(
  context: UnsafeMutableRawPointer?, node: UnsafePointer<zoo_node>?, step: UnsafePointer<zoo_step>?
) -> Int32 {
  let registration = registration(context)
  let (step, node) = (step.unsafelyUnwrapped, node.unsafelyUnwrapped)
  return registration.implementation.accepts(
    Step(step, host: registration.host), in: Node(node, host: registration.host)) ? 1 : 0
}

private func chooseLayouts(
  context: UnsafeMutableRawPointer?, node: UnsafePointer<zoo_node>?, inputs: UnsafeMutablePointer<Int32>?,
  outputs: UnsafeMutablePointer<Int32>?
) -> zoo_status {
  let registration = registration(context)
  return guarded(registration.host) {
    let node = node.unsafelyUnwrapped
    let choice = try registration.implementation.layouts(for: Node(node, host: registration.host))
    for index in 0..<node.pointee.input_count {
      inputs.unsafelyUnwrapped[index] =
        choice.flatMap { $0.inputs.count > index ? $0.inputs[index].rawValue : nil } ?? 0
    }
    for index in 0..<node.pointee.output_count {
      outputs.unsafelyUnwrapped[index] =
        choice.flatMap { $0.outputs.count > index ? $0.outputs[index].rawValue : nil } ?? 0
    }
  }
}

private func readsInPieces(
  context: UnsafeMutableRawPointer?, node: UnsafePointer<zoo_node>?, inputs: UnsafeMutablePointer<UInt8>?
) {
  let (registration, node) = (registration(context), node.unsafelyUnwrapped)
  mark(
    registration.implementation.inputsInPieces(Node(node, host: registration.host)), in: inputs,
    node.pointee.input_count)
}

private func mark(_ indices: [Int], in list: UnsafeMutablePointer<UInt8>?, _ count: Int) {
  for index in indices where index < count { list?[index] = 1 }
}

private func publish(
  _ kernel: any Kernel, for node: UnsafePointer<zoo_node>, host: ZooHost, to target: UnsafeMutablePointer<zoo_kernel>
) {
  let state = KernelState(kernel, host: host)
  target.pointee.workspace_bytes = kernel.workspaceByteCount
  mark(kernel.consumedInputs, in: target.pointee.consumed_inputs, node.pointee.input_count)
  mark(kernel.inPlaceInputs, in: target.pointee.in_place_inputs, node.pointee.input_count)
  if UnsafePointer(target).has(\.input_places) {
    for (index, place) in kernel.inputPlaces.enumerated() where index < node.pointee.input_count {
      if let place { target.pointee.input_places[index] = place }
    }
  }
  target.pointee.description = state.summary
  if let layouts = kernel.outputLayouts {
    for index in 0..<node.pointee.output_count {
      target.pointee.output_layouts[index] = (index < layouts.count ? layouts[index] : .plain).rawValue
    }
  }
  target.pointee.run = { state, call in
    let state = Unmanaged<KernelState>.fromOpaque(state.unsafelyUnwrapped)
    return state._withUnsafeGuaranteedRef { held in
      guarded(held.host) { try held.kernel.run(Call(call.unsafelyUnwrapped, host: held.host)) }
    }
  }
  target.pointee.reshape = { state, node, executor, kernel in
    let held = Unmanaged<KernelState>.fromOpaque(state.unsafelyUnwrapped).takeUnretainedValue()
    var made: (any Kernel)?
    let status = guarded(held.host) {
      made = try held.kernel.reshaped(
        for: Node(node.unsafelyUnwrapped, host: held.host), on: Executor(executor.unsafelyUnwrapped))
    }
    guard status == ZOO_OK else { return status }
    guard let made else { return zoo_status(ZOO_UNSUPPORTED) }
    publish(made, for: node.unsafelyUnwrapped, host: held.host, to: kernel.unsafelyUnwrapped)
    return zoo_status(ZOO_OK)
  }
  target.pointee.destroy = { Unmanaged<KernelState>.fromOpaque($0.unsafelyUnwrapped).release() }
  target.pointee.state = Unmanaged.passRetained(state).toOpaque()
}
