import CModelZoo
import ZooCore

/// What `body` ends with, in C: its error stays with the thread.
func status(_ body: () throws -> Void) -> mz_status {
  do {
    try body()
    return mz_status(MZ_OK)
  } catch {
    let error = ZooError(error)
    mz_set_error(error.description)
    return mz_status(error.kind.number)
  }
}

/// What a caller has to give and has not.
func needed(_ what: String) -> ZooError { ZooError(.usage, "\(what) is NULL") }

extension ZooError.Kind {
  fileprivate var number: Int {
    switch self {
    case .usage: MZ_USAGE
    case .badData: MZ_BAD_DATA
    case .notFound: MZ_NOT_FOUND
    case .unsupported: MZ_UNSUPPORTED
    case .missingOperator: MZ_MISSING_OPERATOR
    case .badInput: MZ_BAD_INPUT
    case .badShape: MZ_BAD_SHAPE
    case .outOfMemory: MZ_OUT_OF_MEMORY
    case .cancelled: MZ_CANCELLED
    case .deadlineExceeded: MZ_DEADLINE
    case .defect: MZ_DEFECT
    }
  }
}

extension String {
  /// - Throws: `ZooError` (`usage`) for NULL and for what is no UTF-8.
  init(c text: UnsafePointer<CChar>?, _ what: String) throws {
    guard let text else { throw needed(what) }
    guard let valid = String(validatingCString: text) else { throw ZooError(.usage, "\(what) is not UTF-8") }
    self = valid
  }
}

/// A struct of a caller who may know fewer fields of it, or more; what he does not know stays as in `usual`.
///
/// - Parameter size: What its first field says.
func copied<Struct: BitwiseCopyable>(_ given: UnsafePointer<Struct>, _ size: Int, usual: Struct) throws -> Struct {
  guard size >= MemoryLayout<Int>.size else {
    throw ZooError(.usage, "the size of \(Struct.self) is \(size)", advice: "set it to sizeof(\(Struct.self))")
  }
  var result = usual
  withUnsafeMutableBytes(of: &result) { bytes in
    bytes.copyMemory(from: UnsafeRawBufferPointer(start: given, count: min(size, bytes.count)))
  }
  return result
}
