import CZooPlugin
import ZooCore

/// Shows what products read, for calibration.
final class ProductObserver: StepObserver {
  private static let products: Set<String> = ["Conv", "ConvTranspose", "MatMul", "Gemm"]

  private let plan: Plan
  private let body: (String, UnsafeBufferPointer<Float>) -> Void

  init(_ plan: Plan, _ body: @escaping (String, UnsafeBufferPointer<Float>) -> Void) {
    self.plan = plan
    self.body = body
  }

  func begin(_ index: Int, _ call: UnsafePointer<zoo_call>) {
    let step = plan.steps[index]
    guard Self.products.contains(step.node.operatorType), OperatorRegistry.canonical(step.node.domain).isEmpty else {
      return
    }
    for (position, name) in step.node.inputs.enumerated() where position < step.inputs.count && !name.isEmpty {
      let operand = step.inputs[position]
      switch operand.place {
      case .absent, .constant, .consumed: continue
      case .arena, .input, .output: break
      }
      guard operand.description.type == .float32, let shape = operand.description.shape, !shape.contains(0),
        let data = call.pointee.inputs[position].data
      else { continue }
      let value = InternalName.published(plan.layoutCopies[name] ?? name)
      show(value, data.assumingMemoryBound(to: Float.self), shape, operand.description.layout)
    }
  }

  func end() {}

  private func show(_ name: String, _ data: UnsafePointer<Float>, _ shape: [Int], _ layout: Int32) {
    let block = 16
    guard layout == ZOO_LAYOUT_NCHW16C, shape.count >= 2, shape[1] % block != 0 else {
      return body(name, UnsafeBufferPointer(start: data, count: shape.reduce(1, *)))
    }
    // Lanes behind the last channel are no elements.
    let (blocks, last) = (shape[1] / block + 1, shape[1] % block)
    let positions = shape.dropFirst(2).reduce(1, *)
    var elements: [Float] = []
    elements.reserveCapacity(shape.reduce(1, *))
    for row in 0..<shape[0] * blocks * positions {
      let lanes = row / positions % blocks == blocks - 1 ? last : block
      elements.append(contentsOf: UnsafeBufferPointer(start: data + row * block, count: lanes))
    }
    elements.withUnsafeBufferPointer { body(name, $0) }
  }
}
