/*
 * The ModelZoo plugin ABI, version 2.
 *
 * A plugin is a shared library that exports one function, `zoo_plugin_entry`. It hands the host a table of operators;
 * the host creates kernels from them while it compiles a model and runs the kernels afterwards. Plugins own no
 * threads: they split work with the executor that the host passes in.
 *
 * Threads: the host calls from several at once. Callbacks of an operator, `create` and `reshape` included, may run for
 * different nodes of one model, and for several models, at the same time; so may `run` of one kernel, each call with
 * its own tensors and workspace. What they share must be constant or locked. `create` and `reshape` may run inside
 * the executor's tasks, and may split their own work with the executor that they are given. `destroy` comes last.
 *
 * Growth: fields are only ever appended. Every struct but zoo_string begins with `size`, the bytes that whoever made it
 * knows of, and no struct lies in an array: lists are lists of pointers. So either side may be newer. A reader asks
 * ZOO_HAS before it looks at a field that came after the first release of version 2, and takes zero for one that is not
 * there; optional fields mean by zero that they are not used. Offsets of what is published never change (czooplugin.c).
 * A change that breaks this raises ZOO_PLUGIN_ABI_VERSION.
 *
 * Pointers handed to a callback are valid during that callback only, unless said otherwise.
 */
#ifndef ZOO_PLUGIN_H
#define ZOO_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ZOO_PLUGIN_ABI_VERSION 2u
/* Whether the struct that `pointer` points to has the field, by its size. */
#define ZOO_HAS(type, pointer, field) ((pointer)->size >= offsetof(type, field) + sizeof((pointer)->field))
#define ZOO_MAX_RANK 32
/* Values in values whose kinds `infer` can tell. */
#define ZOO_MAX_DEPTH 8
/* The `rank` that shape inference gives for an output whose shape only running the operator can tell. */
#define ZOO_RANK_UNKNOWN (-1)
/* Every buffer and workspace that the host hands out begins at a multiple of this, but constants of bytes in a file, which
   lie where they lie. */
#define ZOO_ALIGNMENT 64

typedef int32_t zoo_status;
enum {
  ZOO_OK = 0,
  /* The model or its input is wrong; set_error says how. */
  ZOO_INVALID = 1,
  /* Valid by the specification, but this operator does not implement it. */
  ZOO_UNSUPPORTED = 2,
  ZOO_NO_MEMORY = 3,
  ZOO_FAILED = 4,
};

/* How the elements of a tensor lie in memory: a number that `layout_named` gives for a name. Two never change. */
enum {
  /* "plain": row major, as ONNX stores tensors. Sub-byte types are packed, first element in the low bits. */
  ZOO_LAYOUT_PLAIN = 0,
  /* "NCHW16C": (N, C, spatial…) stored as (N, ceil(C / 16), spatial…, 16). The lanes past C hold zeros: whoever writes
     a blocked tensor writes them, whoever reads one may rely on it. */
  ZOO_LAYOUT_NCHW16C = 1,
  /* No layout. In zoo_kernel.output_layouts: the kernel looks at `layout` in zoo_call. */
  ZOO_LAYOUT_NONE = -1,
};

/* What sort of value it is. */
enum { ZOO_VALUE_TENSOR = 0, ZOO_VALUE_SEQUENCE = 1, ZOO_VALUE_OPTIONAL = 2, ZOO_VALUE_MAP = 3 };

/* Instruction sets that a kernel may use, each containing the ones before. */
enum { ZOO_ISA_GENERIC = 0, ZOO_ISA_AVX2 = 1, ZOO_ISA_AVX512 = 2 };
/* Bits of zoo_host.cpu_features, beyond what the ISA level implies. AVX2 implies FMA and F16C; AVX512 implies F, BW,
   CD, DQ and VL. AVX512_BF16 is set where its products take less time than those of float32. */
enum { ZOO_CPU_AVX512_VNNI = 1u << 0, ZOO_CPU_AVX512_BF16 = 1u << 1, ZOO_CPU_AVX_VNNI = 1u << 2 };

/* How exactly products have to be computed: the type that operands may be rounded to. Sums are float32 or better. Weights
   that the model holds in blocks of a few bits may have the other operand rounded to 8 bits in such blocks, but for
   ZOO_PRECISION_EXACT. */
enum { ZOO_PRECISION_EXACT = -1, ZOO_PRECISION_FLOAT32 = 0, ZOO_PRECISION_BFLOAT16 = 1, ZOO_PRECISION_INT8 = 2 };

/* An element of a tensor of strings: the one struct that lies in arrays, and never grows. */
typedef struct zoo_string {
  const char *bytes; /* not terminated */
  size_t count;
} zoo_string;

/* A value that is no tensor, or several; zoo_host looks into it. */
typedef struct zoo_value zoo_value;
/* A graph that a node has as an attribute; `run_body` of zoo_call runs it. */
typedef struct zoo_body zoo_body;

/* A tensor, or what is known of one; or, where `kind` says so, another value. */
typedef struct zoo_tensor zoo_tensor;
struct zoo_tensor {
  size_t size;
  /* ONNX's TensorProto.DataType number; 0 marks an absent optional input, or an output that nobody reads. Of a sequence
     or optional value that of its tensors; 0 where it holds other values. */
  int32_t type;
  int32_t layout;
  int32_t rank;
  int32_t is_constant;  /* in zoo_node: the contents never change, whether or not `data` has them */
  const int64_t *shape; /* the logical shape, whatever the layout */
  void *data;           /* NULL where only type and shape are known; an array of zoo_string for strings */
  size_t byte_count;    /* bytes at `data`, blocked padding included */
  int32_t kind;         /* ZOO_VALUE_ */
  /* In zoo_node, of a constant of float32: the type of 16 bits that all its elements are numbers of; 0: not known. */
  int32_t narrow_type;
  const zoo_value *value; /* in zoo_call: what an input holds that is no tensor */
  /* What a sequence or an optional value holds, where that is no tensor of `type`, and what the values of a map are, whose
     keys have `type`. NULL otherwise; in `infer`, which fills it in, there is always one, up to ZOO_MAX_DEPTH of them. */
  zoo_tensor *element;
};

/* `kind` is ONNX's AttributeProto.AttributeType number; types are not passed to plugins. */
typedef struct zoo_attribute {
  size_t size;
  const char *name;
  int32_t kind;
  float float_value;
  int64_t int_value;
  zoo_string string_value;
  size_t count; /* of the list that `kind` names */
  const float *floats;
  const int64_t *ints;
  const zoo_string *strings;
  const zoo_tensor *const *tensors; /* kind TENSOR: one, with count 1 */
  const zoo_body *body;             /* kind GRAPH: valid as long as the kernel is */
  const zoo_body *const *bodies;    /* kind GRAPHS, `count` of them: likewise */
} zoo_attribute;

/* One elementwise operator of the default ONNX domain that the host folded onto the end of a node. */
typedef struct zoo_step {
  size_t size;
  const char *op_type; /* "Add", "Relu", "Clip", … */
  const zoo_attribute *const *attributes;
  size_t attribute_count;
  /* Indices into the node's inputs: the step's operands, -1 standing for the value so far. */
  const int32_t *operands;
  size_t operand_count;
} zoo_step;

/* A node of the graph as a plugin sees it: the shapes of its inputs are concrete. */
typedef struct zoo_node zoo_node;
struct zoo_node {
  size_t size;
  const char *name;
  const char *domain; /* "" for ONNX's own */
  const char *op_type;
  int64_t opset; /* the version of `domain` that the model imports */
  const zoo_attribute *const *attributes;
  size_t attribute_count;
  /* The operator's own inputs (trailing absent ones dropped), then the operands of the epilogue. `data` is set for
     constants. */
  const zoo_tensor *const *inputs;
  size_t input_count;
  size_t own_input_count;
  /* Type, shape and layout of the outputs; rank ZOO_RANK_UNKNOWN where only running tells. NULL in `infer`. */
  const zoo_tensor *const *outputs;
  size_t output_count;
  const zoo_step *const *epilogue;
  size_t epilogue_count;
  /* In `create`: copies `count` bytes, from byte `offset` on, of a constant input that the operator reads in pieces.
     Any thread may call it. What it returns when it fails is what `create` then has to return. */
  zoo_status (*read_constant)(const zoo_node *node, size_t input, size_t offset, size_t count, void *destination);
  void *host_state;
  int32_t precision; /* ZOO_PRECISION_; an operator may always be more exact */
  int32_t reserved;
  /* Of each input the least and the greatest element seen when the model was calibrated, two floats an input, NaN where
     nobody looked. NULL: not calibrated. Elements may lie outside; an operator that relies on the range clamps them. */
  const float *input_ranges;
  /* In `create`: as read_constant, of an input with a narrow_type, whether or not it has `data`: the numbers of 16 bits
     that stand behind the float32. An operator that reads_in_pieces, and reads only these, spares the host the others. */
  zoo_status (*read_narrow)(const zoo_node *node, size_t input, size_t offset, size_t count, void *destination);
};

/* Runs `task(argument, index, worker)` once for every index below `count`, on any of the executor's workers, and
   returns when all are done. `worker` is below worker_count, and no two tasks run under one worker number at once. */
typedef void (*zoo_task)(void *argument, size_t index, uint32_t worker);

typedef struct zoo_executor zoo_executor;
struct zoo_executor {
  size_t size;
  uint32_t worker_count;
  void *state;
  void (*parallel_for)(const zoo_executor *executor, size_t count, zoo_task task, void *argument);
};

/* A layout that a plugin brings. */
typedef struct zoo_layout {
  size_t size;
  const char *name; /* as operators of other plugins ask for it: "example.com/NHWC4" */
  /* The domain whose operator Reorder, version 1, copies a tensor from the plain layout to this one and back; which of
     both is told by the layouts of its input and its output. */
  const char *domain;
  void *context;
  /* The bytes of a tensor in this layout; 0 where it has no such tensors. */
  size_t (*byte_count)(void *context, int32_t type, const int64_t *shape, int32_t rank);
} zoo_layout;

/* What the host offers. It outlives the plugin. */
typedef struct zoo_host {
  size_t size;
  uint32_t abi_version;
  int32_t isa; /* the best ZOO_ISA_ level to use; honours the environment's ZOO_ISA */
  uint32_t cpu_features;
  uint32_t worker_count; /* the most workers that any executor has */
  size_t l1_bytes, l2_bytes, l3_bytes; /* data caches: of one core, of one core, shared; 0 where unknown */
  /* Aligned to ZOO_ALIGNMENT; NULL when there is no memory. */
  void *(*allocate)(size_t byte_count);
  void (*release)(void *memory);
  /* Says why the callback that is running on this thread is about to return something else than ZOO_OK. */
  void (*set_error)(const char *message);
  /* The number of a layout, the same for all plugins of the process; ZOO_LAYOUT_NONE for a name that nobody has
     registered. */
  int32_t (*layout_named)(const char *name);
  /* Makes a layout known, before any model is compiled, and gives its number; what `layout` points to stays valid.
     ZOO_LAYOUT_NONE where the name is taken, or the struct malformed. */
  int32_t (*register_layout)(const zoo_layout *layout);
  /* How many values a sequence or the results of a body have; an optional value has one or none. A map has two: tensors
     of keys and of values, of the same length. */
  size_t (*value_count)(const zoo_value *value);
  /* Describes one of them, plain tensors with their data, in `element`, whose size the caller sets. What it points to
     is valid as long as `value` is. */
  zoo_status (*value_at)(const zoo_value *value, size_t index, zoo_tensor *element);
  /* Lets go of the results of a body, or of a value that a kernel has made. */
  void (*release_value)(const zoo_value *value);
} zoo_host;

/* One run of a kernel. */
typedef struct zoo_call zoo_call;
struct zoo_call {
  size_t size;
  const zoo_tensor *const *inputs; /* as in zoo_node; `data` NULL for inputs that the kernel consumed at its creation */
  size_t input_count;
  /* Memory to write; `data` NULL where the shape was unknown, the output is no tensor, or nobody reads it. */
  const zoo_tensor *const *outputs;
  size_t output_count;
  void *workspace;
  const zoo_executor *executor;
  void *state;
  /* For an output whose shape was unknown: makes its memory (NULL: none left). */
  void *(*allocate_output)(const zoo_call *call, size_t output, const int64_t *shape, int32_t rank);
  /* Copies bytes that an output of strings can point to. `bytes` of the copy are NULL when there is no memory. */
  zoo_string (*copy_string)(const zoo_call *call, const char *bytes, size_t count);
  /* For an output that is a sequence: appends a tensor and gives the memory to write it into (NULL: none left). */
  void *(*append_output)(const zoo_call *call, size_t output, int32_t type, const int64_t *shape, int32_t rank);
  /* Gives an output whose shape was unknown, or which is no tensor, the value number `element` of `value`, without a
     copy. */
  zoo_status (*set_output)(const zoo_call *call, size_t output, const zoo_value *value, size_t element);
  /* Runs a graph that the node has as an attribute, on plain tensors or what `value` of an input says, and gives its
     results, for zoo_host.release_value. May be called by the thread that `run` was called on. */
  zoo_status (*run_body)(
      const zoo_call *call, const zoo_body *body, const zoo_tensor *const *inputs, size_t input_count,
      const zoo_value **results);
  /* Makes a value of a copy of a plain tensor, for make_value. It is number 0 in `value`, which zoo_host.release_value ends.
     As make_value for the thread that `run` was called on. */
  zoo_status (*make_tensor)(const zoo_call *call, const zoo_tensor *tensor, const zoo_value **value);
  /* Makes a sequence, an optional value or a map (`kind` is a ZOO_VALUE_) of others, without copies: of number `elements[i]`
     in `values[i]` each; a map of two tensors, the keys and the values. It is number 0 in `value`, for set_output and for
     values around it, and zoo_host.release_value ends it. */
  zoo_status (*make_value)(
      const zoo_call *call, int32_t kind, const zoo_value *const *values, const size_t *elements, size_t count,
      const zoo_value **value);
};

/* What `create` and `reshape` fill in; the host clears it first, except for the three lists, which are its own: one
   entry for each input, or each output. */
typedef struct zoo_kernel {
  size_t size;
  void *state;
  zoo_status (*run)(void *state, const zoo_call *call);
  void (*destroy)(void *state);
  size_t workspace_bytes;
  /* Set to 1 where `run` does not read an input, because its contents are packed into `state`. The host drops it. */
  uint8_t *consumed_inputs;
  /* Set to 1 where output 0 may take an input's memory, if both have the same size and nothing else needs the input. */
  uint8_t *in_place_inputs;
  /* The layout in which `run` writes an output, whatever zoo_call says; the host refuses a kernel for which it has made
     other room. ZOO_LAYOUT_NONE, as they all are at first, for a kernel that looks at zoo_call. */
  int32_t *output_layouts;
  /* How this kernel computes, for people: "Winograd F(4×4,3×3)". NULL or valid until destroy. */
  const char *description;
  /* Optional: a kernel for the same node with other input shapes, sharing packed weights with this one. Returning
     ZOO_UNSUPPORTED asks the host to create anew. Constant inputs need not have data. */
  zoo_status (*reshape)(void *state, const zoo_node *node, const zoo_executor *executor, struct zoo_kernel *kernel);
  /* Where `run` does nothing with an input but to put it into output 0, as it is: the byte at which it begins there. The host
     may then have it made in that place, where `run` leaves it. SIZE_MAX, as they all are at first, for any other. */
  size_t *input_places;
} zoo_kernel;

typedef struct zoo_operator {
  size_t size;
  const char *domain;
  const char *op_type;
  int64_t since_version; /* first opset with this form; it serves until a later form that some plugin registers */
  void *context;         /* passed to every callback */
  zoo_status (*create)(void *context, const zoo_node *node, const zoo_executor *executor, zoo_kernel *kernel);
  /* Writes type, rank and shape of each output (kind, and type of the tensors or `element`, of one that is no tensor);
     `outputs[i]->shape` points at ZOO_MAX_RANK writable dimensions. Of operators that the host declares (ONNX's, and
     some others) it knows the outputs itself and does not ask; all others need it. */
  zoo_status (*infer)(void *context, const zoo_node *node, zoo_tensor *const *outputs);
  /* Optional. Whether the operator can apply `step` after the epilogue that `node` has already. The step's operands
     are the node's last inputs. The value that the steps transform is output 0. */
  int32_t (*accepts)(void *context, const zoo_node *node, const zoo_step *step);
  /* Optional; without it everything is plain. Given the layouts that the inputs have now (in node->inputs), writes
     the layouts that the operator wants for them and those it will give its outputs. */
  zoo_status (*choose_layouts)(void *context, const zoo_node *node, int32_t *inputs, int32_t *outputs);
  /* Optional. Sets to 1 those inputs that `create`, where they are constants, gets with read_constant and consumes. The
     host then need not hold them in memory as a whole: `data` may be NULL. */
  void (*reads_in_pieces)(void *context, const zoo_node *node, uint8_t *inputs);
} zoo_operator;

typedef struct zoo_plugin {
  size_t size;
  uint32_t abi_version;
  const char *name;
  const char *version;
  const zoo_operator *const *operators;
  size_t operator_count;
} zoo_plugin;

/* The one exported symbol. Returns NULL, after set_error, when the plugin can't work with this host. The result stays
   valid for the life of the process. */
typedef const zoo_plugin *(*zoo_plugin_entry_function)(uint32_t host_abi_version, const zoo_host *host);
#define ZOO_PLUGIN_ENTRY "zoo_plugin_entry"

#ifdef __cplusplus
}
#endif
#endif
