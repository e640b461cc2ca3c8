import Foundation
import ModelZoo
import TestSupport
import Testing

/// A plugin as somebody else writes one, in C: the operator Scale of the domain example.com, which gives its input.
enum AuthorsPlugin {
  static let compiler = Need("cc", isMet: FileManager.default.isExecutableFile(atPath: "/usr/bin/cc"))

  /// - Parameter defines: `VERSION`: the ABI that it speaks. `NAME`: the operator. `PLUGIN`: the plugin's name.
  ///   `CRASH_RUN`, `CRASH_TASK`, `CRASH_CREATE`: where it reads what is not there.
  /// - Returns: The library's path.
  static func build(in folder: String, named name: String, defines: [String] = []) throws -> String {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    try withFolder { own in
      try write(source, to: own + "/plugin.c")
      let outcome = try Zoo.run(
        ["-shared", "-fPIC", "-I", Zoo.root + "/Sources/CZooPlugin/include", "-o", "\(folder)/\(name)"]
          + defines.map { "-D\($0)" } + [own + "/plugin.c"], program: "/usr/bin/cc")
      try #require(outcome.status == 0, "\(outcome.errors)")
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/\(name)")
    return "\(folder)/\(name)"
  }

  /// Writes a model of one node from x, [2, 3], to y.
  static func model(
    operator type: String, domain: String = "example.com", node: String = "scale", output: [Any] = [2, 3],
    to path: String
  ) throws {
    var model = ModelDefinition()
    model.operatorSets = [OperatorSet(version: 17), OperatorSet(domain: "example.com", version: 1)]
    model.graph.name = "authors"
    model.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: [2, 3])]
    let shape = output.map { extent in
      ShapeDimension((extent as? Int).map { .fixed(Int64($0)) } ?? .symbol("\(extent)"))
    }
    model.graph.outputs = [ValueInfo(name: "y", elementType: .float32, shape: shape)]
    model.graph.nodes = [Node(type, domain: domain, name: node, inputs: ["x"], outputs: ["y"])]
    try model.write(to: path, format: .onnx)
  }

  private static let source = """
    #include <string.h>
    #include "zoo_plugin.h"
    #ifndef VERSION
    #define VERSION ZOO_PLUGIN_ABI_VERSION
    #endif
    #ifndef NAME
    #define NAME "Scale"
    #endif
    #ifndef PLUGIN
    #define PLUGIN "authors"
    #endif
    static int *volatile nothing;

    static zoo_status infer(void *context, const zoo_node *node, zoo_tensor *const *outputs) {
      const zoo_tensor *x = node->inputs[0];
      outputs[0]->type = x->type;
      outputs[0]->rank = x->rank;
      memcpy((int64_t *)outputs[0]->shape, x->shape, (size_t)x->rank * sizeof(int64_t));
      return ZOO_OK;
    }

    static void task(void *argument, size_t index, uint32_t worker) {
      /* The last ones are a helper's, if there is one. */
      for (volatile int turn = 0; turn < 100000; turn++) {}
    #ifdef CRASH_TASK
      if (index == 63) *nothing = 1;
    #endif
    }

    static zoo_status run(void *state, const zoo_call *call) {
    #ifdef CRASH_RUN
      *nothing = 1;
    #endif
      call->executor->parallel_for(call->executor, 64, task, NULL);
      memcpy(call->outputs[0]->data, call->inputs[0]->data, call->inputs[0]->byte_count);
      return ZOO_OK;
    }

    static void destroy(void *state) {}

    static zoo_status create(void *context, const zoo_node *node, const zoo_executor *executor, zoo_kernel *kernel) {
    #ifdef CRASH_CREATE
      *nothing = 1;
    #endif
      kernel->run = run;
      kernel->destroy = destroy;
      return ZOO_OK;
    }

    static const zoo_operator operation = {
      .size = sizeof(zoo_operator), .domain = "example.com", .op_type = NAME, .since_version = 1, .create = create,
      .infer = infer};
    static const zoo_operator *const operations[] = {&operation};
    static const zoo_plugin plugin = {
      .size = sizeof(zoo_plugin), .abi_version = VERSION, .name = PLUGIN, .version = "1", .operators = operations,
      .operator_count = 1};
    const zoo_plugin *zoo_plugin_entry(uint32_t version, const zoo_host *host) { return &plugin; }
    """
}
