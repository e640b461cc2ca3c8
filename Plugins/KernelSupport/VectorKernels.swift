import CVectorKernels
import CZooPlugin
import ZooPlugin

extension ZooHost {
  /// The kernels for this host's instruction set.
  package var kernels: VectorKernels {
    func has(_ feature: Int) -> Int32 { features & UInt32(feature) != 0 ? 1 : 0 }
    let bytes = isa.rawValue >= ZOO_ISA_AVX512 ? ZOO_CPU_AVX512_VNNI : ZOO_CPU_AVX_VNNI
    return VectorKernels(zs_kernels_for(isa.rawValue, has(ZOO_CPU_AVX512_BF16), has(bytes)))
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
extension zs_form { package var code: Int32 { Int32(rawValue) } }
extension zs_reduction { package var code: Int32 { Int32(rawValue) } }
