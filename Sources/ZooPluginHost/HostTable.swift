import CZooPlugin
import CZooSystem
import ZooCore
import ZooSystem
import ZooPlatform

/// The C table of what the host offers plugins. Kernels keep its address, so a table is never freed.
package struct HostTable: Sendable {
  nonisolated(unsafe) package let pointer: UnsafePointer<zoo_host>

  /// The table for this machine, honouring `ZOO_ISA`.
  package static let shared = HostTable(cpu: .current)

  /// A table for `cpu`; tests make one for each instruction set, and some with little memory.
  package init(
    cpu: CPU, allocate: @escaping @convention(c) (Int) -> UnsafeMutableRawPointer? = { SystemMemory.allocate($0) }
  ) {
    let table = UnsafeMutablePointer<zoo_host>.allocate(capacity: 1)
    table.initialize(
      to: zoo_host(
        size: MemoryLayout<zoo_host>.size, abi_version: ZOO_PLUGIN_ABI_VERSION, isa: cpu.isa.rawValue,
        cpu_features: cpu.features, worker_count: UInt32(ThreadPool.shared.workerCount), l1_bytes: cpu.l1ByteCount,
        l2_bytes: cpu.l2ByteCount, l3_bytes: cpu.l3ByteCount,
        allocate: allocate, release: { SystemMemory.release($0) },
        set_error: zoo_plugin_error_set,
        layout_named: { $0.map { LayoutTable.number(named: String(cString: $0)) } ?? Int32(ZOO_LAYOUT_NONE) },
        register_layout: { $0.map(LayoutTable.register) ?? Int32(ZOO_LAYOUT_NONE) },
        value_count: { ValueHandle.at($0)?.count ?? 0 },
        value_at: { ValueHandle.at($0)?.describe($1, in: $2) ?? zoo_status(ZOO_INVALID) },
        release_value: { ValueHandle.release($0) }))
    pointer = UnsafePointer(table)
  }

  /// Turns a plugin's status into an error with the message that it left.
  package static func check(_ status: zoo_status, _ place: @autoclosure () -> String) throws {
    guard status != ZOO_OK else { return }
    let left = String(cString: zoo_plugin_error_take())
    let message = left.isEmpty ? "the plugin failed without a message (status \(status))" : left
    switch Int(status) {
    case ZOO_INVALID: throw ZooError(.badData, message, at: place())
    case ZOO_UNSUPPORTED: throw ZooError(.unsupported, message, at: place())
    case ZOO_NO_MEMORY: throw noMemory(message, at: place())
    default: throw ZooError(.defect, message, at: place())
    }
  }

  package static func noMemory(_ message: String, at place: String) -> ZooError {
    ZooError(.outOfMemory, message, at: place, advice: "free memory or use a smaller batch")
  }
}
