import CZooPlugin
import Foundation
import ONNXFormat
import SVMPlugin
import TestSupport
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

/// Linear models and support vector machines beside ONNX Runtime, in all kernels, transforms and kinds of labels.
@Suite struct OperatorTests {
  static let here = URL(filePath: #filePath).deletingLastPathComponent()

  @Test(.needs(.python("onnx", "onnxruntime")))
  func everyCaseAgrees() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "svm-cases-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try Python.run(Self.here.appending(path: "make_cases.py").path, folder.path)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names.count == 137)
    for isa in CPU.ISA.allCases where isa.rawValue <= CPU.current.isa.rawValue {
      let registry = OperatorRegistry()
      let plugin = try #require(svmPluginEntry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable(cpu: CPU(isa: isa)).pointer))
      try registry.register(plugin, origin: "linked in")
      for name in names {
        do { try check(folder.appending(path: name), registry) } catch { Issue.record("\(name): \(error)") }
      }
    }
  }

  private func check(_ folder: URL, _ registry: OperatorRegistry) throws {
    let data = folder.appending(path: "test_data_set_0")
    let model = try CompiledModel(ONNXFormat.read(folder.appending(path: "model.onnx").path), registry: registry)
    func tensor(_ name: String) throws -> Tensor {
      try ONNXFormat.readTensor(data.appending(path: name).path).tensor.load()
    }
    let results = try model.run(["x": tensor("input_0.pb")])
    for (index, output) in model.outputs.enumerated() {
      let (expected, got) = (try tensor("output_\(index).pb"), try #require(results[output.name]))
      // ONNX Runtime gives one column where the specification has a vector, or the other way round.
      #expect(got.type == expected.type && got.count == expected.count, "\(folder.lastPathComponent)")
      switch got.type {
      case .float32:
        for (value, wanted) in zip(try got.elements(Float.self), try expected.elements(Float.self)) {
          #expect(value == wanted || abs(value - wanted) <= 1e-5 + 1e-4 * abs(wanted), "\(folder.lastPathComponent)")
        }
      case .string: #expect(got.strings == expected.strings, "\(folder.lastPathComponent)")
      default:
        let (values, wanted) = (try got.elements(Int64.self), try expected.elements(Int64.self))
        #expect(values == wanted, "\(folder.lastPathComponent)")
      }
    }
  }
}
