import ModelZoo

/// A region of a compiled model as `inspect --compiled` shows it.
struct CompiledReport: Encodable {
  /// Whether it is planned before the run; else its shapes are known when what comes before has run.
  var planned: Bool
  var arenaBytes: Int?
  var steps: [Step]

  enum CodingKeys: String, CodingKey {
    case planned, steps
    case arenaBytes = "arena_bytes"
  }

  struct Step: Encodable {
    var node: String
    var operatorType: String
    var epilogue: [String]
    var kernel: String?
    var plugin: Plugin?
    var outputs: [Output]
    var workspaceBytes: Int
    var bodies: [Body]

    enum CodingKeys: String, CodingKey {
      case node, epilogue, kernel, plugin, outputs, bodies
      case operatorType = "operator"
      case workspaceBytes = "workspace_bytes"
    }
  }

  struct Plugin: Encodable {
    var name: String
    var path: String
  }

  struct Output: Encodable {
    var name: String
    var type: String
    var shape: [ExtentReport]?
    var layout: String
    /// For people, the type with the shape.
    let text: String

    enum CodingKeys: CodingKey {
      case name, type, shape, layout
    }

    init(_ output: RegionReport.Output) {
      (name, layout, text) = (output.value.name, output.layout, typeText(output.value.type))
      let report = TypeReport(output.value.type)
      (type, shape) = (report.name, report.shape)
    }
  }

  struct Body: Encodable {
    var name: String
    var regions: [CompiledReport]
  }

  init(_ region: RegionReport) {
    planned = region.arenaByteCount != nil
    arenaBytes = region.arenaByteCount
    steps = region.steps.map { step in
      Step(
        node: step.node, operatorType: step.operatorType, epilogue: step.epilogue, kernel: step.kernel,
        plugin: step.plugin.map { Plugin(name: $0.name, path: $0.origin) },
        outputs: step.outputs.map(Output.init),
        workspaceBytes: step.workspaceByteCount,
        bodies: step.bodies.map { Body(name: $0.name, regions: $0.regions.map(CompiledReport.init)) })
    }
  }

  static func text(_ regions: [CompiledReport]) -> String {
    table([["node", "computes", "gives", "plugin", "by"]] + rows(regions, indent: ""))
  }

  private static func rows(_ regions: [CompiledReport], indent: String) -> [[String]] {
    var rows: [[String]] = []
    for (index, region) in regions.enumerated() {
      rows.append(["\(indent)region \(index + 1): \(region.summary)"])
      for step in region.steps {
        rows.append([
          "\(indent)  \(step.node)", step.operators, step.results, step.plugin?.name ?? "", step.kernel ?? "",
        ])
        for body in step.bodies {
          rows.append(["\(indent)    \(body.name)"])
          rows += Self.rows(body.regions, indent: indent + "      ")
        }
      }
    }
    return rows
  }

  private var summary: String {
    let memory = arenaBytes.map { "\(byteText($0)) of memory for each run" } ?? "planned when its shapes are known"
    return "\(steps.count) \(steps.count == 1 ? "step" : "steps"), \(memory)"
  }
}

extension CompiledReport.Step {
  fileprivate var operators: String { ([operatorType] + epilogue).joined(separator: " + ") }

  fileprivate var results: String {
    outputs.map { $0.layout == "plain" ? $0.text : "\($0.text) \($0.layout)" }.joined(separator: ", ")
  }
}
