import CVectorKernels
import CZooPlugin
import ZooPlugin

extension Host {
  /// The float32 kernels for this host's instruction set.
  package var kernels: VectorKernels {
    VectorKernels(zs_kernels_for(isa.rawValue, features & UInt32(ZOO_CPU_AVX512_BF16) != 0 ? 1 : 0))
  }
}

/// A table of kernels; constant for the life of the process.
package struct VectorKernels: Sendable {
  nonisolated(unsafe) private let table: UnsafePointer<zs_kernels>

  package init(_ table: UnsafePointer<zs_kernels>) { self.table = table }

  package var raw: zs_kernels { table.pointee }
}

extension zs_unary { package var code: Int32 { Int32(rawValue) } }
extension zs_binary { package var code: Int32 { Int32(rawValue) } }
extension zs_reduction { package var code: Int32 { Int32(rawValue) } }
