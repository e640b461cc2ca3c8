#include "zoo_plugin.h"

/*
 * What is published stays where it is: the end of each struct in the first release of version 2, and the places of its
 * fields. Lines are added here for fields that are appended; none is ever changed.
 */
#if UINTPTR_MAX == UINT64_MAX

#define AT(type, field, place) _Static_assert(offsetof(type, field) == (place), #type "." #field " has moved")
#define ENDS(type, field, place) \
  _Static_assert(offsetof(type, field) + sizeof(((type *)0)->field) == (place), #type " has lost a field")

AT(zoo_string, bytes, 0);
AT(zoo_string, count, 8);
ENDS(zoo_string, count, 16);

AT(zoo_tensor, size, 0);
AT(zoo_tensor, type, 8);
AT(zoo_tensor, layout, 12);
AT(zoo_tensor, rank, 16);
AT(zoo_tensor, is_constant, 20);
AT(zoo_tensor, shape, 24);
AT(zoo_tensor, data, 32);
AT(zoo_tensor, byte_count, 40);
AT(zoo_tensor, kind, 48);
AT(zoo_tensor, narrow_type, 52);
AT(zoo_tensor, value, 56);
ENDS(zoo_tensor, value, 64);
AT(zoo_tensor, element, 64);

AT(zoo_attribute, size, 0);
AT(zoo_attribute, name, 8);
AT(zoo_attribute, kind, 16);
AT(zoo_attribute, float_value, 20);
AT(zoo_attribute, int_value, 24);
AT(zoo_attribute, string_value, 32);
AT(zoo_attribute, count, 48);
AT(zoo_attribute, floats, 56);
AT(zoo_attribute, ints, 64);
AT(zoo_attribute, strings, 72);
AT(zoo_attribute, tensors, 80);
AT(zoo_attribute, body, 88);
AT(zoo_attribute, bodies, 96);
ENDS(zoo_attribute, bodies, 104);

AT(zoo_step, size, 0);
AT(zoo_step, op_type, 8);
AT(zoo_step, attributes, 16);
AT(zoo_step, attribute_count, 24);
AT(zoo_step, operands, 32);
AT(zoo_step, operand_count, 40);
ENDS(zoo_step, operand_count, 48);

AT(zoo_node, size, 0);
AT(zoo_node, name, 8);
AT(zoo_node, domain, 16);
AT(zoo_node, op_type, 24);
AT(zoo_node, opset, 32);
AT(zoo_node, attributes, 40);
AT(zoo_node, attribute_count, 48);
AT(zoo_node, inputs, 56);
AT(zoo_node, input_count, 64);
AT(zoo_node, own_input_count, 72);
AT(zoo_node, outputs, 80);
AT(zoo_node, output_count, 88);
AT(zoo_node, epilogue, 96);
AT(zoo_node, epilogue_count, 104);
AT(zoo_node, read_constant, 112);
AT(zoo_node, host_state, 120);
AT(zoo_node, precision, 128);
AT(zoo_node, reserved, 132);
AT(zoo_node, input_ranges, 136);
ENDS(zoo_node, input_ranges, 144);
AT(zoo_node, read_narrow, 144);

AT(zoo_executor, size, 0);
AT(zoo_executor, worker_count, 8);
AT(zoo_executor, state, 16);
AT(zoo_executor, parallel_for, 24);
ENDS(zoo_executor, parallel_for, 32);

AT(zoo_layout, size, 0);
AT(zoo_layout, name, 8);
AT(zoo_layout, domain, 16);
AT(zoo_layout, context, 24);
AT(zoo_layout, byte_count, 32);
ENDS(zoo_layout, byte_count, 40);

AT(zoo_host, size, 0);
AT(zoo_host, abi_version, 8);
AT(zoo_host, isa, 12);
AT(zoo_host, cpu_features, 16);
AT(zoo_host, worker_count, 20);
AT(zoo_host, l1_bytes, 24);
AT(zoo_host, l2_bytes, 32);
AT(zoo_host, l3_bytes, 40);
AT(zoo_host, allocate, 48);
AT(zoo_host, release, 56);
AT(zoo_host, set_error, 64);
AT(zoo_host, layout_named, 72);
AT(zoo_host, register_layout, 80);
AT(zoo_host, value_count, 88);
AT(zoo_host, value_at, 96);
AT(zoo_host, release_value, 104);
ENDS(zoo_host, release_value, 112);

AT(zoo_call, size, 0);
AT(zoo_call, inputs, 8);
AT(zoo_call, input_count, 16);
AT(zoo_call, outputs, 24);
AT(zoo_call, output_count, 32);
AT(zoo_call, workspace, 40);
AT(zoo_call, executor, 48);
AT(zoo_call, state, 56);
AT(zoo_call, allocate_output, 64);
AT(zoo_call, copy_string, 72);
AT(zoo_call, append_output, 80);
AT(zoo_call, set_output, 88);
AT(zoo_call, run_body, 96);
ENDS(zoo_call, run_body, 104);
AT(zoo_call, make_tensor, 104);
AT(zoo_call, make_value, 112);

AT(zoo_kernel, size, 0);
AT(zoo_kernel, state, 8);
AT(zoo_kernel, run, 16);
AT(zoo_kernel, destroy, 24);
AT(zoo_kernel, workspace_bytes, 32);
AT(zoo_kernel, consumed_inputs, 40);
AT(zoo_kernel, in_place_inputs, 48);
AT(zoo_kernel, output_layouts, 56);
AT(zoo_kernel, description, 64);
AT(zoo_kernel, reshape, 72);
AT(zoo_kernel, input_places, 80);
ENDS(zoo_kernel, input_places, 88);

AT(zoo_operator, size, 0);
AT(zoo_operator, domain, 8);
AT(zoo_operator, op_type, 16);
AT(zoo_operator, since_version, 24);
AT(zoo_operator, context, 32);
AT(zoo_operator, create, 40);
AT(zoo_operator, infer, 48);
AT(zoo_operator, accepts, 56);
AT(zoo_operator, choose_layouts, 64);
AT(zoo_operator, reads_in_pieces, 72);
ENDS(zoo_operator, reads_in_pieces, 80);

AT(zoo_plugin, size, 0);
AT(zoo_plugin, abi_version, 8);
AT(zoo_plugin, name, 16);
AT(zoo_plugin, version, 24);
AT(zoo_plugin, operators, 32);
AT(zoo_plugin, operator_count, 40);
ENDS(zoo_plugin, operator_count, 48);

#endif
