import CStandardKernels
import ZooPlugin

extension Host {
  /// The float32 kernels for this host's instruction set.
  var kernels: VectorKernels { VectorKernels(zs_kernels_for(isa.rawValue)) }
}

/// A table of kernels; constant for the life of the process.
struct VectorKernels: Sendable {
  nonisolated(unsafe) private let table: UnsafePointer<zs_kernels>

  init(_ table: UnsafePointer<zs_kernels>) { self.table = table }

  var raw: zs_kernels { table.pointee }
}

/// The error for an element type that an operator does not serve.
func unsupported(_ type: ElementType) -> OperatorError {
  OperatorError("elements of type \(type.name) are not supported", kind: .unsupported)
}
