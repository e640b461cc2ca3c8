import CVectorKernels
import CZooPlugin
import ZooPlugin

extension ZooHost {
  /// The kernels for this host's instruction set.
  package var kernels: VectorKernels {
    VectorKernels(zs_kernels_for(isa.rawValue, features & UInt32(ZOO_CPU_AVX512_BF16) != 0 ? 1 : 0, multipliesQuads))
  }

  /// 1 where the processor multiplies quads of bytes.
  package var multipliesQuads: Int32 {
    features & UInt32(isa.rawValue >= ZOO_ISA_AVX512 ? ZOO_CPU_AVX512_VNNI : ZOO_CPU_AVX_VNNI) != 0 ? 1 : 0
  }
}

/// A table of kernels; constant for the life of the process.
package struct VectorKernels: Sendable {
  nonisolated(unsafe) private let table: UnsafePointer<zs_kernels>

  package init(_ table: UnsafePointer<zs_kernels>) { self.table = table }

  package var raw: zs_kernels { table.pointee }

  /// The rows and panels of a product; weights in blocks have kernels of their own.
  package func multiply(_ g: UnsafePointer<zs_gemm>, rows: Range<Int>, panels: Range<Int>) {
    zs_multiply(table, g, rows.lowerBound, rows.upperBound, panels.lowerBound, panels.upperBound)
  }
}

extension zs_unary { package var code: Int32 { Int32(rawValue) } }
extension zs_binary {
  package var code: Int32 { Int32(rawValue) }
  /// Whether there are kernels for it.
  package var isOfFloats: Bool { rawValue <= ZS_POW.rawValue }
}
extension zs_form { package var code: Int32 { Int32(rawValue) } }
extension zs_reduction { package var code: Int32 { Int32(rawValue) } }
