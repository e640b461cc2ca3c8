// Written by make_schema_table.py from onnx 1.23.2.

/// Each version of each of ONNX's operators: domain (unless ONNX's own), name and version (`-`: deprecated), inputs,
/// outputs, attributes, type variables. Parameters are type variables or masks of types (`#`), after `?` where optional,
/// `*` where repeated, `&` where repeated with types of their own. Masks are hexadecimal: a bit for each number of
/// `TensorProto.DataType`, 29 for sequences, 30 for optional values, 31 for maps. Attributes have a letter for their kind,
/// and `!` where required.
let schemaTable = """
  Abs 1|T|T|consumed_inputs:I|T=c02
  Abs 6|T|T||T=3cfe
  Abs 13|T|T||T=13cfe
  Acos 7|T|T||T=c02
  Acos 22|T|T||T=10c02
  Acosh 9|T|T||T=c02
  Acosh 22|T|T||T=10c02
  Add 1|T T|T|axis:i broadcast:i consumed_inputs:I|T=c02
  Add 6|T T|T|axis:i broadcast:i|T=3cc2
  Add 7|T T|T||T=3cc2
  Add 13|T T|T||T=13cc2
  Add 14|T T|T||T=13cfe
  AffineGrid 20|T1 T2|T1|align_corners:i|T1=10c02 T2=80
  And 1|T T|T1|axis:i broadcast:i|T=200 T1=200
  And 7|T T|T1||T=200 T1=200
  ArgMax 1|T|#80|axis:i keepdims:i|T=3cfe
  ArgMax 11|T|#80|axis:i keepdims:i|T=3cfe
  ArgMax 12|T|#80|axis:i keepdims:i select_last_index:i|T=3cfe
  ArgMax 13|T|#80|axis:i keepdims:i select_last_index:i|T=13cfe
  ArgMin 1|T|#80|axis:i keepdims:i|T=3cfe
  ArgMin 11|T|#80|axis:i keepdims:i|T=3cfe
  ArgMin 12|T|#80|axis:i keepdims:i select_last_index:i|T=3cfe
  ArgMin 13|T|#80|axis:i keepdims:i select_last_index:i|T=13cfe
  Asin 7|T|T||T=c02
  Asin 22|T|T||T=10c02
  Asinh 9|T|T||T=c02
  Asinh 22|T|T||T=10c02
  Atan 7|T|T||T=c02
  Atan 22|T|T||T=10c02
  Atanh 9|T|T||T=c02
  Atanh 22|T|T||T=10c02
  Attention 23|T1 T1 T2 ?U ?T1 ?T2|T1 ?T1 ?T2 ?T1|is_causal:i kv_num_heads:i q_num_heads:i qk_matmul_output_mode:i \
  scale:f softcap:f softmax_precision:i|T1=10c02 T2=10c02 U=13efe
  Attention 24|T1 T1 T2 ?U ?T1 ?T2 ?#80|T1 ?T1 ?T2 ?T1|is_causal:i kv_num_heads:i q_num_heads:i \
  qk_matmul_output_mode:i scale:f softcap:f softmax_precision:i|T1=10c02 T2=10c02 U=13efe
  Attention 25|T1 T1 T2 ?U ?T1 ?T2 ?#80|T1 ?T1 ?T2 ?T1|is_causal:i kv_num_heads:i left_window_size:i q_num_heads:i \
  qk_matmul_output_mode:i right_window_size:i scale:f softcap:f softmax_precision:i|T1=10c02 T2=10c02 U=13efe
  AveragePool 1|T|T|auto_pad:s kernel_shape:I! pads:I strides:I|T=c02
  AveragePool 7|T|T|auto_pad:s count_include_pad:i kernel_shape:I! pads:I strides:I|T=c02
  AveragePool 10|T|T|auto_pad:s ceil_mode:i count_include_pad:i kernel_shape:I! pads:I strides:I|T=c02
  AveragePool 11|T|T|auto_pad:s ceil_mode:i count_include_pad:i kernel_shape:I! pads:I strides:I|T=c02
  AveragePool 19|T|T|auto_pad:s ceil_mode:i count_include_pad:i dilations:I kernel_shape:I! pads:I strides:I|T=c02
  AveragePool 22|T|T|auto_pad:s ceil_mode:i count_include_pad:i dilations:I kernel_shape:I! pads:I strides:I|T=10c02
  BatchNormalization 1|T T T T T|T ?T ?T ?T ?T|consumed_inputs:I! epsilon:f is_test:i momentum:f spatial:i|T=c02
  BatchNormalization 6|T T T T T|T ?T ?T ?T ?T|epsilon:f is_test:i momentum:f spatial:i|T=c02
  BatchNormalization 7|T T T T T|T ?T ?T ?T ?T|epsilon:f momentum:f spatial:i|T=c02
  BatchNormalization 9|T T T T T|T ?T ?T ?T ?T|epsilon:f momentum:f|T=c02
  BatchNormalization 14|T T T U U|T ?U ?U|epsilon:f momentum:f training_mode:i|T=10c02 U=10c02
  BatchNormalization 15|T T1 T1 T2 T2|T ?T2 ?T2|epsilon:f momentum:f training_mode:i|T=10c02 T1=10c02 T2=10c02
  Bernoulli 15|T1|T2|dtype:i seed:f|T1=c02 T2=13efe
  Bernoulli 22|T1|T2|dtype:i seed:f|T1=10c02 T2=13efe
  BitCast 26|T1|T2|to:i!|T1=7fffefe T2=7fffefe
  BitShift 11|T T|T|direction:s!|T=3014
  BitShift 28|T T|T|direction:s!|T=30fc
  BitwiseAnd 18|T T|T||T=30fc
  BitwiseNot 18|T|T||T=30fc
  BitwiseOr 18|T T|T||T=30fc
  BitwiseXor 18|T T|T||T=30fc
  BlackmanWindow 17|T1|T2|output_datatype:i periodic:i|T1=c0 T2=13cfe
  Cast 1|T1|T2|to:s!|T1=3efe T2=3efe
  Cast 6|T1|T2|to:i!|T1=3efe T2=3efe
  Cast 9|T1|T2|to:i!|T1=3ffe T2=3ffe
  Cast 13|T1|T2|to:i!|T1=13ffe T2=13ffe
  Cast 19|T1|T2|saturate:i to:i!|T1=1f3ffe T2=1f3ffe
  Cast 21|T1|T2|saturate:i to:i!|T1=7f3ffe T2=7f3ffe
  Cast 23|T1|T2|saturate:i to:i!|T1=ff3ffe T2=ff3ffe
  Cast 24|T1|T2|round_mode:s saturate:i to:i!|T1=1ff3ffe T2=1ff3ffe
  Cast 25|T1|T2|round_mode:s saturate:i to:i!|T1=7ff3ffe T2=7ff3ffe
  Cast 28|T1|T2|round_mode:s saturate:i to:i!|T1=1fff3ffe T2=1fff3ffe
  CastLike 15|T1 T2|T2||T1=13ffe T2=13ffe
  CastLike 19|T1 T2|T2|saturate:i|T1=1f3ffe T2=1f3ffe
  CastLike 21|T1 T2|T2|saturate:i|T1=7f3ffe T2=7f3ffe
  CastLike 23|T1 T2|T2|saturate:i|T1=ff3ffe T2=ff3ffe
  CastLike 24|T1 T2|T2|round_mode:s saturate:i|T1=1ff3ffe T2=1ff3ffe
  CastLike 25|T1 T2|T2|round_mode:s saturate:i|T1=7ff3ffe T2=7ff3ffe
  CausalConvWithState 27|T T ?T ?T|T T|activation:s|T=10402
  Ceil 1|T|T|consumed_inputs:I|T=c02
  Ceil 6|T|T||T=c02
  Ceil 13|T|T||T=10c02
  Celu 12|T|T|alpha:f|T=2
  Celu 28|T|T|alpha:f|T=10c02
  CenterCropPad 18|T Tind|T|axes:I|T=1fffe Tind=c0
  Clip 1|T|T|consumed_inputs:I max:f min:f|T=c02
  Clip 6|T|T|max:f min:f|T=c02
  Clip 11|T ?T ?T|T||T=c02
  Clip 12|T ?T ?T|T||T=3cfe
  Clip 13|T ?T ?T|T||T=13cfe
  Col2Im 18|T #80 #80|T|dilations:I pads:I strides:I|T=1fffe
  Compress 9|T T1|T|axis:i|T=fffe T1=200
  Compress 11|T T1|T|axis:i|T=fffe T1=200
  Compress 28|T T1|T|axis:i|T=1fffe T1=200
  Concat 1|*T|T|axis:i|T=c02
  Concat 4|*T|T|axis:i!|T=fffe
  Concat 11|*T|T|axis:i!|T=fffe
  Concat 13|*T|T|axis:i!|T=1fffe
  ConcatFromSequence 11|S|T|axis:i! new_axis:i|S=20000000 T=fffe
  Constant 1||T|value:t!|T=c02
  Constant 9||T|value:t!|T=fffe
  Constant 11||T|sparse_value:p value:t|T=fffe
  Constant 12||T|sparse_value:p value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s \
  value_strings:S|T=fffe
  Constant 13||T|sparse_value:p value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s \
  value_strings:S|T=1fffe
  Constant 19||T|sparse_value:p value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s \
  value_strings:S|T=1ffffe
  Constant 21||T|sparse_value:p value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s \
  value_strings:S|T=7ffffe
  Constant 23||T|sparse_value:p value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s \
  value_strings:S|T=fffffe
  Constant 24||T|sparse_value:p value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s \
  value_strings:S|T=1fffffe
  Constant 25||T|sparse_value:p value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s \
  value_strings:S|T=7fffffe
  ConstantOfShape 9|T1|T2|value:t|T1=80 T2=3efe
  ConstantOfShape 20|T1|T2|value:t|T1=80 T2=1f3efe
  ConstantOfShape 21|T1|T2|value:t|T1=80 T2=7f3efe
  ConstantOfShape 23|T1|T2|value:t|T1=80 T2=ff3efe
  ConstantOfShape 24|T1|T2|value:t|T1=80 T2=1ff3efe
  ConstantOfShape 25|T1|T2|value:t|T1=80 T2=7ff3efe
  Conv 1|T T ?T|T|auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I|T=c02
  Conv 11|T T ?T|T|auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I|T=c02
  Conv 22|T T ?T|T|auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I|T=10c02
  ConvInteger 10|T1 T2 ?T1 ?T2|T3|auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I|T1=c T2=c T3=40
  ConvTranspose 1|T T ?T|T|auto_pad:s dilations:I group:i kernel_shape:I output_padding:I output_shape:I pads:I \
  strides:I|T=c02
  ConvTranspose 11|T T ?T|T|auto_pad:s dilations:I group:i kernel_shape:I output_padding:I output_shape:I pads:I \
  strides:I|T=c02
  ConvTranspose 22|T T ?T|T|auto_pad:s dilations:I group:i kernel_shape:I output_padding:I output_shape:I pads:I \
  strides:I|T=10c02
  Cos 7|T|T||T=c02
  Cos 22|T|T||T=10c02
  Cosh 9|T|T||T=c02
  Cosh 22|T|T||T=10c02
  CumProd 26|T T2|T|exclusive:i reverse:i|T=13cc2 T2=c0
  CumSum 11|T T2|T|exclusive:i reverse:i|T=38c2 T2=c0
  CumSum 14|T T2|T|exclusive:i reverse:i|T=13cc2 T2=c0
  DFT 17|T1 ?T2|T1|axis:i inverse:i onesided:i|T1=10c02 T2=c0
  DFT 20|T1 ?T2 ?#80|T1|inverse:i onesided:i|T1=10c02 T2=c0
  DeformConv 19|T T T ?T ?T|T|dilations:I group:i kernel_shape:I offset_group:i pads:I strides:I|T=c02
  DeformConv 22|T T T ?T ?T|T|dilations:I group:i kernel_shape:I offset_group:i pads:I strides:I|T=10c02
  DepthToSpace 1|T|T|blocksize:i!|T=fffe
  DepthToSpace 11|T|T|blocksize:i! mode:s|T=fffe
  DepthToSpace 13|T|T|blocksize:i! mode:s|T=1fffe
  DepthToSpace 28|T|T|blocksize:i! mode:s|T=1fffe
  DequantizeLinear 10|T #2 ?T|#2||T=4c
  DequantizeLinear 13|T #2 ?T|#2|axis:i|T=4c
  DequantizeLinear 19|T1 T2 ?T1|T2|axis:i|T1=1e004c T2=10402
  DequantizeLinear 21|T1 T2 ?T1|T2|axis:i block_size:i|T1=7e007c T2=10402
  DequantizeLinear 23|T1 T2 ?T1|T3|axis:i block_size:i output_dtype:i|T1=fe007c T2=10402 T3=10402
  DequantizeLinear 24|T1 T2 ?T1|T3|axis:i block_size:i output_dtype:i|T1=fe007c T2=1010402 T3=10402
  DequantizeLinear 25|T1 T2 ?T1|T3|axis:i block_size:i output_dtype:i|T1=6fe007c T2=1010402 T3=10402
  DequantizeLinear 28|T1 T2 ?T1|T3|axis:i block_size:i output_dtype:i|T1=1efe007c T2=1010402 T3=10402
  Det 11|T|T||T=c02
  Det 22|T|T||T=10c02
  Div 1|T T|T|axis:i broadcast:i consumed_inputs:I|T=c02
  Div 6|T T|T|axis:i broadcast:i|T=3cc2
  Div 7|T T|T||T=3cc2
  Div 13|T T|T||T=13cc2
  Div 14|T T|T||T=13cfe
  Dropout 1|T|T ?T|consumed_inputs:I is_test:i ratio:f|T=c02
  Dropout 6|T|T ?T|is_test:i ratio:f|T=c02
  Dropout 7|T|T ?T|ratio:f|T=c02
  Dropout 10|T|T ?T1|ratio:f|T=c02 T1=200
  Dropout 12|T ?T1 ?T2|T ?T2|seed:i|T=c02 T1=c02 T2=200
  Dropout 13|T ?T1 ?T2|T ?T2|seed:i|T=10c02 T1=c02 T2=200
  Dropout 22|T ?T1 ?T2|T ?T2|seed:i|T=1f0c02 T1=1f0c02 T2=200
  DynamicQuantizeLinear 11|T1|T2 #2 T2||T1=2 T2=4
  Einsum 12|*T|T|equation:s!|T=3cfe
  Einsum 28|*T|T|equation:s!|T=13cfe
  Elu 1|T|T|alpha:f consumed_inputs:I|T=c02
  Elu 6|T|T|alpha:f|T=c02
  Elu 22|T|T|alpha:f|T=10c02
  Equal 1|T T|T1|axis:i broadcast:i|T=2c0 T1=200
  Equal 7|T T|T1||T=2c0 T1=200
  Equal 11|T T|T1||T=3efe T1=200
  Equal 13|T T|T1||T=13efe T1=200
  Equal 19|T T|T1||T=13ffe T1=200
  Erf 9|T|T||T=3cfe
  Erf 13|T|T||T=10c02
  Exp 1|T|T|consumed_inputs:I|T=c02
  Exp 6|T|T||T=c02
  Exp 13|T|T||T=10c02
  Expand 8|T #80|T||T=fffe
  Expand 13|T #80|T||T=1fffe
  EyeLike 9|T1|T2|dtype:i k:i|T1=3efe T2=3efe
  EyeLike 22|T1|T2|dtype:i k:i|T1=13efe T2=13efe
  Flatten 1|T|T|axis:i|T=c02
  Flatten 9|T|T|axis:i|T=fffe
  Flatten 11|T|T|axis:i|T=fffe
  Flatten 13|T|T|axis:i|T=1fffe
  Flatten 21|T|T|axis:i|T=7ffffe
  Flatten 23|T|T|axis:i|T=fffffe
  Flatten 24|T|T|axis:i|T=1fffffe
  Flatten 25|T|T|axis:i|T=7fffffe
  Floor 1|T|T|consumed_inputs:I|T=c02
  Floor 6|T|T||T=c02
  Floor 13|T|T||T=10c02
  GRU 1|T T T ?T ?T1 ?T|?T T|activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i \
  output_sequence:i|T=c02 T1=40
  GRU 3|T T T ?T ?T1 ?T|?T ?T|activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i \
  linear_before_reset:i output_sequence:i|T=c02 T1=40
  GRU 7|T T T ?T ?T1 ?T|?T ?T|activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i \
  linear_before_reset:i|T=c02 T1=40
  GRU 14|T T T ?T ?T1 ?T|?T ?T|activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i \
  layout:i linear_before_reset:i|T=c02 T1=40
  GRU 22|T T T ?T ?T1 ?T|?T ?T|activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i \
  layout:i linear_before_reset:i|T=10c02 T1=40
  Gather 1|T Tind|T|axis:i|T=fffe Tind=c0
  Gather 11|T Tind|T|axis:i|T=fffe Tind=c0
  Gather 13|T Tind|T|axis:i|T=1fffe Tind=c0
  GatherElements 11|T Tind|T|axis:i|T=fffe Tind=c0
  GatherElements 13|T Tind|T|axis:i|T=1fffe Tind=c0
  GatherND 11|T #80|T||T=fffe
  GatherND 12|T #80|T|batch_dims:i|T=fffe
  GatherND 13|T #80|T|batch_dims:i|T=1fffe
  Gelu 20|T|T|approximate:s|T=10c02
  Gemm 1|T T T|T|alpha:f beta:f broadcast:i transA:i transB:i|T=c02
  Gemm 6|T T T|T|alpha:f beta:f broadcast:i transA:i transB:i|T=c02
  Gemm 7|T T T|T|alpha:f beta:f transA:i transB:i|T=c02
  Gemm 9|T T T|T|alpha:f beta:f transA:i transB:i|T=3cc2
  Gemm 11|T T ?T|T|alpha:f beta:f transA:i transB:i|T=3cc2
  Gemm 13|T T ?T|T|alpha:f beta:f transA:i transB:i|T=13cc2
  GlobalAveragePool 1|T|T||T=c02
  GlobalAveragePool 22|T|T||T=10c02
  GlobalLpPool 1|T|T|p:f|T=c02
  GlobalLpPool 2|T|T|p:i|T=c02
  GlobalLpPool 22|T|T|p:i|T=10c02
  GlobalMaxPool 1|T|T||T=c02
  GlobalMaxPool 22|T|T||T=10c02
  Greater 1|T T|T1|axis:i broadcast:i|T=c02 T1=200
  Greater 7|T T|T1||T=c02 T1=200
  Greater 9|T T|T1||T=3cfe T1=200
  Greater 13|T T|T1||T=13cfe T1=200
  GreaterOrEqual 12|T T|T1||T=3cfe T1=200
  GreaterOrEqual 16|T T|T1||T=13cfe T1=200
  GridSample 16|T1 T2|T1|align_corners:i mode:s padding_mode:s|T1=fffe T2=c02
  GridSample 20|T1 T2|T1|align_corners:i mode:s padding_mode:s|T1=fffe T2=c02
  GridSample 22|T1 T2|T1|align_corners:i mode:s padding_mode:s|T1=1fffe T2=10c02
  GroupNormalization 18-|T T T|T|epsilon:f num_groups:i!|T=10c02
  GroupNormalization 21|T T T|T|epsilon:f num_groups:i! stash_type:i|T=10c02
  HammingWindow 17|T1|T2|output_datatype:i periodic:i|T1=c0 T2=13cfe
  HannWindow 17|T1|T2|output_datatype:i periodic:i|T1=c0 T2=13cfe
  HardSigmoid 1|T|T|alpha:f beta:f consumed_inputs:I|T=c02
  HardSigmoid 6|T|T|alpha:f beta:f|T=c02
  HardSigmoid 22|T|T|alpha:f beta:f|T=10c02
  HardSwish 14|T|T||T=c02
  HardSwish 22|T|T||T=10c02
  Hardmax 1|T|T|axis:i|T=c02
  Hardmax 11|T|T|axis:i|T=c02
  Hardmax 13|T|T|axis:i|T=10c02
  Identity 1|T|T||T=fffe
  Identity 13|T|T||T=1fffe
  Identity 14|V|V||V=2001fffe
  Identity 16|V|V||V=6001fffe
  Identity 19|V|V||V=601ffffe
  Identity 21|V|V||V=607ffffe
  Identity 23|V|V||V=60fffffe
  Identity 24|V|V||V=61fffffe
  Identity 25|V|V||V=67fffffe
  If 1|B|&V|else_branch:g! then_branch:g!|V=fffe B=200
  If 11|B|&V|else_branch:g! then_branch:g!|V=fffe B=200
  If 13|B|&V|else_branch:g! then_branch:g!|V=2000fffe B=200
  If 16|B|&V|else_branch:g! then_branch:g!|V=6001fffe B=200
  If 19|B|&V|else_branch:g! then_branch:g!|V=601ffffe B=200
  If 21|B|&V|else_branch:g! then_branch:g!|V=607ffffe B=200
  If 23|B|&V|else_branch:g! then_branch:g!|V=60fffffe B=200
  If 24|B|&V|else_branch:g! then_branch:g!|V=61fffffe B=200
  If 25|B|&V|else_branch:g! then_branch:g!|V=67fffffe B=200
  ImageDecoder 20|T1|T2|pixel_format:s|T1=4 T2=4
  InstanceNormalization 1|T T T|T|consumed_inputs:I epsilon:f|T=c02
  InstanceNormalization 6|T T T|T|epsilon:f|T=c02
  InstanceNormalization 22|T T T|T|epsilon:f|T=10c02
  IsInf 10|T1|T2|detect_negative:i detect_positive:i|T1=802 T2=200
  IsInf 20|T1|T2|detect_negative:i detect_positive:i|T1=1f0c02 T2=200
  IsNaN 9|T1|T2||T1=c02 T2=200
  IsNaN 13|T1|T2||T1=10c02 T2=200
  IsNaN 20|T1|T2||T1=1f0c02 T2=200
  LRN 1|T|T|alpha:f beta:f bias:f size:i!|T=c02
  LRN 13|T|T|alpha:f beta:f bias:f size:i!|T=10c02
  LSTM 1|T T T ?T ?T1 ?T ?T ?T|?T ?T ?T|activation_alpha:F activation_beta:F activations:S clip:f direction:s \
  hidden_size:i input_forget:i output_sequence:i|T=c02 T1=40
  LSTM 7|T T T ?T ?T1 ?T ?T ?T|?T ?T ?T|activation_alpha:F activation_beta:F activations:S clip:f direction:s \
  hidden_size:i input_forget:i|T=c02 T1=40
  LSTM 14|T T T ?T ?T1 ?T ?T ?T|?T ?T ?T|activation_alpha:F activation_beta:F activations:S clip:f direction:s \
  hidden_size:i input_forget:i layout:i|T=c02 T1=40
  LSTM 22|T T T ?T ?T1 ?T ?T ?T|?T ?T ?T|activation_alpha:F activation_beta:F activations:S clip:f direction:s \
  hidden_size:i input_forget:i layout:i|T=10c02 T1=40
  LayerNormalization 17|T T ?T|T ?U ?U|axis:i epsilon:f stash_type:i|T=10c02 U=10002
  LeakyRelu 1|T|T|alpha:f consumed_inputs:I|T=c02
  LeakyRelu 6|T|T|alpha:f|T=c02
  LeakyRelu 16|T|T|alpha:f|T=10c02
  Less 1|T T|T1|axis:i broadcast:i|T=c02 T1=200
  Less 7|T T|T1||T=c02 T1=200
  Less 9|T T|T1||T=3cfe T1=200
  Less 13|T T|T1||T=13cfe T1=200
  LessOrEqual 12|T T|T1||T=3cfe T1=200
  LessOrEqual 16|T T|T1||T=13cfe T1=200
  LinearAttention 27|T T T ?S ?T ?T|T S|chunk_size:i kv_num_heads:i! q_num_heads:i! scale:f update_rule:s|T=10402 \
  S=10402
  Log 1|T|T|consumed_inputs:I|T=c02
  Log 6|T|T||T=c02
  Log 13|T|T||T=10c02
  LogSoftmax 1|T|T|axis:i|T=c02
  LogSoftmax 11|T|T|axis:i|T=c02
  LogSoftmax 13|T|T|axis:i|T=10c02
  Loop 1|?I ?B &V|&V|body:g!|V=fffe I=80 B=200
  Loop 11|?I ?B &V|&V|body:g!|V=fffe I=80 B=200
  Loop 13|?I ?B &V|&V|body:g!|V=2000fffe I=80 B=200
  Loop 16|?I ?B &V|&V|body:g!|V=6001fffe I=80 B=200
  Loop 19|?I ?B &V|&V|body:g!|V=601ffffe I=80 B=200
  Loop 21|?I ?B &V|&V|body:g!|V=607ffffe I=80 B=200
  Loop 23|?I ?B &V|&V|body:g!|V=60fffffe I=80 B=200
  Loop 24|?I ?B &V|&V|body:g!|V=61fffffe I=80 B=200
  Loop 25|?I ?B &V|&V|body:g!|V=67fffffe I=80 B=200
  LpNormalization 1|T|T|axis:i p:i|T=c02
  LpNormalization 22|T|T|axis:i p:i|T=10c02
  LpPool 1|T|T|auto_pad:s kernel_shape:I p:f pads:I strides:I|T=c02
  LpPool 2|T|T|auto_pad:s kernel_shape:I! p:i pads:I strides:I|T=c02
  LpPool 11|T|T|auto_pad:s kernel_shape:I! p:i pads:I strides:I|T=c02
  LpPool 18|T|T|auto_pad:s ceil_mode:i dilations:I kernel_shape:I! p:i pads:I strides:I|T=c02
  LpPool 22|T|T|auto_pad:s ceil_mode:i dilations:I kernel_shape:I! p:i pads:I strides:I|T=10c02
  MatMul 1|T T|T||T=c02
  MatMul 9|T T|T||T=3cc2
  MatMul 13|T T|T||T=13cc2
  MatMulInteger 10|T1 T2 ?T1 ?T2|T3||T1=c T2=c T3=40
  Max 1|*T|T|consumed_inputs:I|T=c02
  Max 6|*T|T||T=c02
  Max 8|*T|T||T=c02
  Max 12|*T|T||T=3cfe
  Max 13|*T|T||T=13cfe
  MaxPool 1|T|T|auto_pad:s kernel_shape:I! pads:I strides:I|T=c02
  MaxPool 8|T|T ?I|auto_pad:s kernel_shape:I! pads:I storage_order:i strides:I|T=c02 I=80
  MaxPool 10|T|T ?I|auto_pad:s ceil_mode:i dilations:I kernel_shape:I! pads:I storage_order:i strides:I|T=c02 I=80
  MaxPool 11|T|T ?I|auto_pad:s ceil_mode:i dilations:I kernel_shape:I! pads:I storage_order:i strides:I|T=c02 I=80
  MaxPool 12|T|T ?I|auto_pad:s ceil_mode:i dilations:I kernel_shape:I! pads:I storage_order:i strides:I|T=c0e I=80
  MaxPool 22|T|T ?I|auto_pad:s ceil_mode:i dilations:I kernel_shape:I! pads:I storage_order:i strides:I|T=10c0e I=80
  MaxRoiPool 1|T T|T|pooled_shape:I! spatial_scale:f|T=c02
  MaxRoiPool 22|T T|T|pooled_shape:I! spatial_scale:f|T=10c02
  MaxUnpool 9|T1 T2 ?T2|T1|kernel_shape:I! pads:I strides:I|T1=c02 T2=80
  MaxUnpool 11|T1 T2 ?T2|T1|kernel_shape:I! pads:I strides:I|T1=c02 T2=80
  MaxUnpool 22|T1 T2 ?T2|T1|kernel_shape:I! pads:I strides:I|T1=10c02 T2=80
  Mean 1|*T|T|consumed_inputs:I|T=c02
  Mean 6|*T|T||T=c02
  Mean 8|*T|T||T=c02
  Mean 13|*T|T||T=10c02
  MeanVarianceNormalization 9|T|T|axes:I|T=c02
  MeanVarianceNormalization 13|T|T|axes:I|T=10c02
  MelWeightMatrix 17|T1 T1 T1 T2 T2|T3|output_datatype:i|T1=c0 T2=10c02 T3=13cfe
  Min 1|*T|T|consumed_inputs:I|T=c02
  Min 6|*T|T||T=c02
  Min 8|*T|T||T=c02
  Min 12|*T|T||T=3cfe
  Min 13|*T|T||T=13cfe
  Mish 18|T|T||T=c02
  Mish 22|T|T||T=10c02
  Mod 10|T T|T|fmod:i|T=3cfe
  Mod 13|T T|T|fmod:i|T=13cfe
  Mod 28|T T|T|fmod:i|T=13cfe
  Mul 1|T T|T|axis:i broadcast:i consumed_inputs:I|T=c02
  Mul 6|T T|T|axis:i broadcast:i|T=3cc2
  Mul 7|T T|T||T=3cc2
  Mul 13|T T|T||T=13cc2
  Mul 14|T T|T||T=13cfe
  Multinomial 7|T1|T2|dtype:i sample_size:i seed:f|T1=c02 T2=c0
  Multinomial 22|T1|T2|dtype:i sample_size:i seed:f|T1=10c02 T2=c0
  Neg 1|T|T|consumed_inputs:I|T=c02
  Neg 6|T|T||T=cea
  Neg 13|T|T||T=10cea
  NegativeLogLikelihoodLoss 12|T Tind ?T|T|ignore_index:i reduction:s|T=c02 Tind=c0
  NegativeLogLikelihoodLoss 13|T Tind ?T|T|ignore_index:i reduction:s|T=c02 Tind=c0
  NegativeLogLikelihoodLoss 22|T Tind ?T|T|ignore_index:i reduction:s|T=10c02 Tind=c0
  NonMaxSuppression 10|#2 #2 ?#80 ?#2 ?#2|#80|center_point_box:i|
  NonMaxSuppression 11|#2 #2 ?#80 ?#2 ?#2|#80|center_point_box:i|
  NonZero 9|T|#80||T=fffe
  NonZero 13|T|#80||T=1fffe
  Not 1|T|T||T=200
  OneHot 9|T1 T2 T3|T3|axis:i|T1=3cfe T2=3cfe T3=fffe
  OneHot 11|T1 T2 T3|T3|axis:i|T1=3cfe T2=3cfe T3=fffe
  OneHot 28|T1 T2 T3|T3|axis:i|T1=3cfe T2=3cfe T3=1fffe
  Optional 15|?V|O|type:y|V=2000fffe O=40000000
  Optional 28|?V|O|type:y|V=3ffffffe O=40000000
  OptionalGetElement 15|O|V||O=40000000 V=2000fffe
  OptionalGetElement 18|O|V||O=6000fffe V=2000fffe
  OptionalGetElement 28|O|V||O=7ffffffe V=3ffffffe
  OptionalHasElement 15|O|B||O=40000000 B=200
  OptionalHasElement 18|?O|B||O=6000fffe B=200
  OptionalHasElement 28|?O|B||O=7ffffffe B=200
  Or 1|T T|T1|axis:i broadcast:i|T=200 T1=200
  Or 7|T T|T1||T=200 T1=200
  PRelu 1|T T|T|consumed_inputs:I|T=c02
  PRelu 6|T T|T||T=c02
  PRelu 7|T T|T||T=c02
  PRelu 9|T T|T||T=3cc2
  PRelu 16|T T|T||T=13cc2
  Pad 1|T|T|mode:s paddings:I! value:f|T=c02
  Pad 2|T|T|mode:s pads:I! value:f|T=c02
  Pad 11|T #80 ?T|T|mode:s|T=3cfe
  Pad 13|T #80 ?T|T|mode:s|T=1fffe
  Pad 18|T #80 ?T ?Tind|T|mode:s|T=1fffe Tind=c0
  Pad 19|T #80 ?T ?Tind|T|mode:s|T=1fffe Tind=c0
  Pad 21|T #80 ?T ?Tind|T|mode:s|T=7ffffe Tind=c0
  Pad 23|T #80 ?T ?Tind|T|mode:s|T=fffffe Tind=c0
  Pad 24|T #80 ?T ?Tind|T|mode:s|T=1fffffe Tind=c0
  Pad 25|T #80 ?T ?Tind|T|mode:s|T=7fffffe Tind=c0
  Pow 1|T T|T|axis:i broadcast:i|T=c02
  Pow 7|T T|T||T=c02
  Pow 12|T T1|T||T=cc2 T1=3cfe
  Pow 13|T T1|T||T=10cc2 T1=3cfe
  Pow 15|T T1|T||T=10cc2 T1=13cfe
  QLinearConv 10|T1 #2 T1 T2 #2 T2 #2 T3 ?T4|T3|auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I|T1=c \
  T2=c T3=c T4=40
  QLinearMatMul 10|T1 #2 T1 T2 #2 T2 #2 T3|T3||T1=c T2=c T3=c
  QLinearMatMul 21|T1 TS T1 T2 TS T2 TS T3|T3||TS=10402 T1=1e000c T2=1e000c T3=1e000c
  QuantizeLinear 10|T1 #2 ?T2|T2||T1=42 T2=c
  QuantizeLinear 13|T1 #2 ?T2|T2|axis:i|T1=42 T2=c
  QuantizeLinear 19|T1 T1 ?T2|T2|axis:i saturate:i|T1=10442 T2=1e000c
  QuantizeLinear 21|T1 T1 ?T2|T2|axis:i block_size:i output_dtype:i saturate:i|T1=10442 T2=7e003c
  QuantizeLinear 23|T1 T2 ?T3|T3|axis:i block_size:i output_dtype:i precision:i saturate:i|T1=10442 T2=10442 T3=fe003c
  QuantizeLinear 24|T1 T2 ?T3|T3|axis:i block_size:i output_dtype:i precision:i saturate:i|T1=10442 T2=1010442 T3=fe003c
  QuantizeLinear 25|T1 T2 ?T3|T3|axis:i block_size:i output_dtype:i precision:i saturate:i|T1=10442 T2=1010442 \
  T3=6fe003c
  QuantizeLinear 28|T1 T2 ?T3|T3|axis:i block_size:i output_dtype:i precision:i saturate:i|T1=10442 T2=1010442 \
  T3=1efe003c
  RMSNormalization 23|T V|V|axis:i epsilon:f stash_type:i|T=10c02 V=10c02
  RNN 1|T T T ?T ?T1 ?T|?T ?T|activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i \
  output_sequence:i|T=c02 T1=40
  RNN 7|T T T ?T ?T1 ?T|?T ?T|activation_alpha:F activation_beta:F activations:S clip:f direction:s \
  hidden_size:i|T=c02 T1=40
  RNN 14|T T T ?T ?T1 ?T|?T ?T|activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i \
  layout:i|T=c02 T1=40
  RNN 22|T T T ?T ?T1 ?T|?T ?T|activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i \
  layout:i|T=10c02 T1=40
  RandomNormal 1||T|dtype:i mean:f scale:f seed:f shape:I!|T=c02
  RandomNormal 22||T|dtype:i mean:f scale:f seed:f shape:I!|T=10c02
  RandomNormalLike 1|T1|T2|dtype:i mean:f scale:f seed:f|T1=fffe T2=c02
  RandomNormalLike 22|T1|T2|dtype:i mean:f scale:f seed:f|T1=1fffe T2=10c02
  RandomUniform 1||T|dtype:i high:f low:f seed:f shape:I!|T=c02
  RandomUniform 22||T|dtype:i high:f low:f seed:f shape:I!|T=10c02
  RandomUniformLike 1|T1|T2|dtype:i high:f low:f seed:f|T1=fffe T2=c02
  RandomUniformLike 22|T1|T2|dtype:i high:f low:f seed:f|T1=1fffe T2=10c02
  Range 11|T T T|T||T=8e2
  Range 27|T T T|T|stash_type:i|T=10ce2
  Reciprocal 1|T|T|consumed_inputs:I|T=c02
  Reciprocal 6|T|T||T=c02
  Reciprocal 13|T|T||T=10c02
  ReduceL1 1|T|T|axes:I keepdims:i|T=3cc2
  ReduceL1 11|T|T|axes:I keepdims:i|T=3cc2
  ReduceL1 13|T|T|axes:I keepdims:i|T=13cc2
  ReduceL1 18|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=13cc2
  ReduceL2 1|T|T|axes:I keepdims:i|T=3cc2
  ReduceL2 11|T|T|axes:I keepdims:i|T=3cc2
  ReduceL2 13|T|T|axes:I keepdims:i|T=13cc2
  ReduceL2 18|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=13cc2
  ReduceLogSum 1|T|T|axes:I keepdims:i|T=3cc2
  ReduceLogSum 11|T|T|axes:I keepdims:i|T=3cc2
  ReduceLogSum 13|T|T|axes:I keepdims:i|T=13cc2
  ReduceLogSum 18|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=13cc2
  ReduceLogSum 28|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=10c02
  ReduceLogSumExp 1|T|T|axes:I keepdims:i|T=3cc2
  ReduceLogSumExp 11|T|T|axes:I keepdims:i|T=3cc2
  ReduceLogSumExp 13|T|T|axes:I keepdims:i|T=13cc2
  ReduceLogSumExp 18|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=13cc2
  ReduceLogSumExp 28|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=10c02
  ReduceMax 1|T|T|axes:I keepdims:i|T=3cc2
  ReduceMax 11|T|T|axes:I keepdims:i|T=3cc2
  ReduceMax 12|T|T|axes:I keepdims:i|T=3cce
  ReduceMax 13|T|T|axes:I keepdims:i|T=13cce
  ReduceMax 18|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=13cce
  ReduceMax 20|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=13ece
  ReduceMean 1|T|T|axes:I keepdims:i|T=3cc2
  ReduceMean 11|T|T|axes:I keepdims:i|T=3cc2
  ReduceMean 13|T|T|axes:I keepdims:i|T=13cc2
  ReduceMean 18|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=13cc2
  ReduceMin 1|T|T|axes:I keepdims:i|T=3cc2
  ReduceMin 11|T|T|axes:I keepdims:i|T=3cc2
  ReduceMin 12|T|T|axes:I keepdims:i|T=3cce
  ReduceMin 13|T|T|axes:I keepdims:i|T=13cce
  ReduceMin 18|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=13cce
  ReduceMin 20|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=13ece
  ReduceProd 1|T|T|axes:I keepdims:i|T=3cc2
  ReduceProd 11|T|T|axes:I keepdims:i|T=3cc2
  ReduceProd 13|T|T|axes:I keepdims:i|T=13cc2
  ReduceProd 18|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=13cc2
  ReduceSum 1|T|T|axes:I keepdims:i|T=3cc2
  ReduceSum 11|T|T|axes:I keepdims:i|T=3cc2
  ReduceSum 13|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=13cc2
  ReduceSumSquare 1|T|T|axes:I keepdims:i|T=3cc2
  ReduceSumSquare 11|T|T|axes:I keepdims:i|T=3cc2
  ReduceSumSquare 13|T|T|axes:I keepdims:i|T=13cc2
  ReduceSumSquare 18|T ?#80|T|keepdims:i noop_with_empty_axes:i|T=13cc2
  RegexFullMatch 20|T1|T2|pattern:s|T1=100 T2=200
  Relu 1|T|T|consumed_inputs:I|T=c02
  Relu 6|T|T||T=c02
  Relu 13|T|T||T=10c02
  Relu 14|T|T||T=10cea
  Reshape 1|T|T|consumed_inputs:I shape:I|T=c02
  Reshape 5|T #80|T||T=fffe
  Reshape 13|T #80|T||T=1fffe
  Reshape 14|T #80|T|allowzero:i|T=1fffe
  Reshape 19|T #80|T|allowzero:i|T=1ffffe
  Reshape 21|T #80|T|allowzero:i|T=7ffffe
  Reshape 23|T #80|T|allowzero:i|T=fffffe
  Reshape 24|T #80|T|allowzero:i|T=1fffffe
  Reshape 25|T #80|T|allowzero:i|T=7fffffe
  Resize 10|T #2|T|mode:s|T=fffe
  Resize 11|T1 T2 #2 ?#80|T1|coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f \
  mode:s nearest_mode:s|T1=fffe T2=c02
  Resize 13|T1 ?T2 ?#2 ?#80|T1|coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i \
  extrapolation_value:f mode:s nearest_mode:s|T1=1fffe T2=c02
  Resize 18|T1 ?T2 ?#2 ?#80|T1|antialias:i axes:I coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i \
  extrapolation_value:f keep_aspect_ratio_policy:s mode:s nearest_mode:s|T1=1fffe T2=c02
  Resize 19|T1 ?T2 ?#2 ?#80|T1|antialias:i axes:I coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i \
  extrapolation_value:f keep_aspect_ratio_policy:s mode:s nearest_mode:s|T1=1fffe T2=c02
  ReverseSequence 10|T #80|T|batch_axis:i time_axis:i|T=fffe
  ReverseSequence 28|T #80|T|batch_axis:i time_axis:i|T=1fffe
  RoiAlign 10|T1 T1 T2|T1|mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f|T1=c02 T2=80
  RoiAlign 16|T1 T1 T2|T1|coordinate_transformation_mode:s mode:s output_height:i output_width:i sampling_ratio:i \
  spatial_scale:f|T1=c02 T2=80
  RoiAlign 22|T1 T1 T2|T1|coordinate_transformation_mode:s mode:s output_height:i output_width:i sampling_ratio:i \
  spatial_scale:f|T1=10c02 T2=80
  RotaryEmbedding 23|T T T ?M|T|interleaved:i num_heads:i rotary_embedding_dim:i|T=10402 M=80
  Round 11|T|T||T=c02
  Round 22|T|T||T=10c02
  STFT 17|T1 T2 ?T1 ?T2|T1|onesided:i|T1=10c02 T2=c0
  Scan 8|?I &V|&V|body:g! directions:I num_scan_inputs:i!|I=80 V=fffe
  Scan 9|&V|&V|body:g! num_scan_inputs:i! scan_input_axes:I scan_input_directions:I scan_output_axes:I \
  scan_output_directions:I|V=fffe
  Scan 11|&V|&V|body:g! num_scan_inputs:i! scan_input_axes:I scan_input_directions:I scan_output_axes:I \
  scan_output_directions:I|V=fffe
  Scan 16|&V|&V|body:g! num_scan_inputs:i! scan_input_axes:I scan_input_directions:I scan_output_axes:I \
  scan_output_directions:I|V=1fffe
  Scan 19|&V|&V|body:g! num_scan_inputs:i! scan_input_axes:I scan_input_directions:I scan_output_axes:I \
  scan_output_directions:I|V=1ffffe
  Scan 21|&V|&V|body:g! num_scan_inputs:i! scan_input_axes:I scan_input_directions:I scan_output_axes:I \
  scan_output_directions:I|V=7ffffe
  Scan 23|&V|&V|body:g! num_scan_inputs:i! scan_input_axes:I scan_input_directions:I scan_output_axes:I \
  scan_output_directions:I|V=fffffe
  Scan 24|&V|&V|body:g! num_scan_inputs:i! scan_input_axes:I scan_input_directions:I scan_output_axes:I \
  scan_output_directions:I|V=1fffffe
  Scan 25|&V|&V|body:g! num_scan_inputs:i! scan_input_axes:I scan_input_directions:I scan_output_axes:I \
  scan_output_directions:I|V=7fffffe
  Scatter 9|T Tind T|T|axis:i|T=fffe Tind=c0
  Scatter 11-|T Tind T|T|axis:i|T=fffe Tind=c0
  ScatterElements 11|T Tind T|T|axis:i|T=fffe Tind=c0
  ScatterElements 13|T Tind T|T|axis:i|T=1fffe Tind=c0
  ScatterElements 16|T Tind T|T|axis:i reduction:s|T=1fffe Tind=c0
  ScatterElements 18|T Tind T|T|axis:i reduction:s|T=1fffe Tind=c0
  ScatterND 11|T #80 T|T||T=fffe
  ScatterND 13|T #80 T|T||T=1fffe
  ScatterND 16|T #80 T|T|reduction:s|T=1fffe
  ScatterND 18|T #80 T|T|reduction:s|T=1fffe
  Selu 1|T|T|alpha:f consumed_inputs:I gamma:f|T=c02
  Selu 6|T|T|alpha:f gamma:f|T=c02
  Selu 22|T|T|alpha:f gamma:f|T=10c02
  SequenceAt 11|S I|T||S=20000000 T=fffe I=c0
  SequenceConstruct 11|*T|S||T=fffe S=20000000
  SequenceEmpty 11||S|dtype:i|S=20000000
  SequenceErase 11|S ?I|S||S=20000000 I=c0
  SequenceInsert 11|S T ?I|S||T=fffe S=20000000 I=c0
  SequenceLength 11|S|I||S=20000000 I=80
  SequenceMap 17|S &V|&S|body:g!|S=20000000 V=2000fffe
  Shape 1|T|T1||T=fffe T1=80
  Shape 13|T|T1||T=1fffe T1=80
  Shape 15|T|T1|end:i start:i|T=1fffe T1=80
  Shape 19|T|T1|end:i start:i|T=1ffffe T1=80
  Shape 21|T|T1|end:i start:i|T=7ffffe T1=80
  Shape 23|T|T1|end:i start:i|T=fffffe T1=80
  Shape 24|T|T1|end:i start:i|T=1fffffe T1=80
  Shape 25|T|T1|end:i start:i|T=7fffffe T1=80
  Shrink 9|T|T|bias:f lambd:f|T=3cfe
  Sigmoid 1|T|T|consumed_inputs:I|T=c02
  Sigmoid 6|T|T||T=c02
  Sigmoid 13|T|T||T=10c02
  Sign 9|T|T||T=3cfe
  Sign 13|T|T||T=13cfe
  Sin 7|T|T||T=c02
  Sin 22|T|T||T=10c02
  Sinh 9|T|T||T=c02
  Sinh 22|T|T||T=10c02
  Size 1|T|T1||T=fffe T1=80
  Size 13|T|T1||T=1fffe T1=80
  Size 19|T|T1||T=1ffffe T1=80
  Size 21|T|T1||T=7ffffe T1=80
  Size 23|T|T1||T=fffffe T1=80
  Size 24|T|T1||T=1fffffe T1=80
  Size 25|T|T1||T=7fffffe T1=80
  Slice 1|T|T|axes:I ends:I! starts:I!|T=fffe
  Slice 10|T Tind Tind ?Tind ?Tind|T||T=fffe Tind=c0
  Slice 11|T Tind Tind ?Tind ?Tind|T||T=fffe Tind=c0
  Slice 13|T Tind Tind ?Tind ?Tind|T||T=1fffe Tind=c0
  Softmax 1|T|T|axis:i|T=c02
  Softmax 11|T|T|axis:i|T=c02
  Softmax 13|T|T|axis:i|T=10c02
  SoftmaxCrossEntropyLoss 12|T Tind ?T|T ?T|ignore_index:i reduction:s|T=c02 Tind=c0
  SoftmaxCrossEntropyLoss 13|T Tind ?T|T ?T|ignore_index:i reduction:s|T=10c02 Tind=c0
  Softplus 1|T|T||T=c02
  Softplus 22|T|T||T=10c02
  Softsign 1|T|T||T=c02
  Softsign 22|T|T||T=10c02
  SpaceToDepth 1|T|T|blocksize:i!|T=fffe
  SpaceToDepth 13|T|T|blocksize:i!|T=1fffe
  SpaceToDepth 28|T|T|blocksize:i! mode:s|T=1fffe
  Split 1|T ?T|*T|axis:i split:I|T=c02
  Split 2|T|*T|axis:i split:I|T=fffe
  Split 11|T|*T|axis:i split:I|T=fffe
  Split 13|T ?#80|*T|axis:i|T=1fffe
  Split 18|T ?#80|*T|axis:i num_outputs:i|T=1fffe
  SplitToSequence 11|T ?I|S|axis:i keepdims:i|T=fffe I=c0 S=20000000
  SplitToSequence 24|T ?I|S|axis:i keepdims:i|T=1fffe I=c0 S=20000000
  Sqrt 1|T|T|consumed_inputs:I|T=c02
  Sqrt 6|T|T||T=c02
  Sqrt 13|T|T||T=10c02
  Squeeze 1|T|T|axes:I|T=fffe
  Squeeze 11|T|T|axes:I|T=fffe
  Squeeze 13|T ?#80|T||T=1fffe
  Squeeze 21|T ?#80|T||T=7ffffe
  Squeeze 23|T ?#80|T||T=fffffe
  Squeeze 24|T ?#80|T||T=1fffffe
  Squeeze 25|T ?#80|T||T=7fffffe
  StringConcat 20|T T|T||T=100
  StringNormalizer 10|#100|#100|case_change_action:s is_case_sensitive:i locale:s stopwords:S|
  StringSplit 20|T1|T2 T3|delimiter:s maxsplit:i|T1=100 T2=100 T3=80
  Sub 1|T T|T|axis:i broadcast:i consumed_inputs:I|T=c02
  Sub 6|T T|T|axis:i broadcast:i|T=3cc2
  Sub 7|T T|T||T=3cc2
  Sub 13|T T|T||T=13cc2
  Sub 14|T T|T||T=13cfe
  Sum 1|*T|T|consumed_inputs:I|T=c02
  Sum 6|*T|T||T=c02
  Sum 8|*T|T||T=c02
  Sum 13|*T|T||T=10c02
  SwiGLU 28|T T|T|alpha:f|T=10c02
  Swish 24|T|T|alpha:f|T=10c02
  Tan 7|T|T||T=c02
  Tan 22|T|T||T=10c02
  Tanh 1|T|T|consumed_inputs:I|T=c02
  Tanh 6|T|T||T=c02
  Tanh 13|T|T||T=10c02
  TensorScatter 24|T T ?#80|T|axis:i mode:s|T=1fffffe
  TfIdfVectorizer 9|T|T1|max_gram_length:i! max_skip_count:i! min_gram_length:i! mode:s! ngram_counts:I! \
  ngram_indexes:I! pool_int64s:I pool_strings:S weights:F|T=1c0 T1=2
  ThresholdedRelu 10|T|T|alpha:f|T=c02
  ThresholdedRelu 22|T|T|alpha:f|T=10c02
  Tile 1|T T T|T||T=c02 T1=80
  Tile 6|T T1|T||T=fffe T1=80
  Tile 13|T T1|T||T=1fffe T1=80
  TopK 1|T|T I|axis:i k:i!|T=c02 I=80
  TopK 10|T #80|T I|axis:i|T=c02 I=80
  TopK 11|T #80|T I|axis:i largest:i sorted:i|T=3cfe I=80
  TopK 24|T #80|T I|axis:i largest:i sorted:i|T=13cfe I=80
  Transpose 1|T|T|perm:I|T=fffe
  Transpose 13|T|T|perm:I|T=1fffe
  Transpose 21|T|T|perm:I|T=7ffffe
  Transpose 23|T|T|perm:I|T=fffffe
  Transpose 24|T|T|perm:I|T=1fffffe
  Transpose 25|T|T|perm:I|T=7fffffe
  Trilu 14|T ?#80|T|upper:i|T=1fffe
  Unique 11|T|T ?#80 ?#80 ?#80|axis:i sorted:i|T=fffe
  Unique 28|T|T ?#80 ?#80 ?#80|axis:i sorted:i|T=1fffe
  Unsqueeze 1|T|T|axes:I!|T=fffe
  Unsqueeze 11|T|T|axes:I!|T=fffe
  Unsqueeze 13|T #80|T||T=1fffe
  Unsqueeze 21|T #80|T||T=7ffffe
  Unsqueeze 23|T #80|T||T=fffffe
  Unsqueeze 24|T #80|T||T=1fffffe
  Unsqueeze 25|T #80|T||T=7fffffe
  Upsample 1|T|T|height_scale:f! mode:s width_scale:f!|T=ec2
  Upsample 7|T|T|mode:s scales:F!|T=fffe
  Upsample 9|T #2|T|mode:s|T=fffe
  Upsample 10-|T #2|T|mode:s|T=fffe
  Where 9|B T T|T||B=200 T=fffe
  Where 16|B T T|T||B=200 T=1fffe
  Xor 1|T T|T1|axis:i broadcast:i|T=200 T1=200
  Xor 7|T T|T1||T=200 T1=200
  ai.onnx.ml:ArrayFeatureExtractor 1|T #80|T||T=9c2
  ai.onnx.ml:Binarizer 1|T|T|threshold:f|T=8c2
  ai.onnx.ml:CastMap 1|T1|T2|cast_to:s map_form:s max_map:i|T1=80000000 T2=182
  ai.onnx.ml:CategoryMapper 1|T1|T2|cats_int64s:I cats_strings:S default_int64:i default_string:s|T1=180 T2=180
  ai.onnx.ml:DictVectorizer 1|T1|T2|int64_vocabulary:I string_vocabulary:S|T1=80000000 T2=982
  ai.onnx.ml:FeatureVectorizer 1|*T1|#2|inputdimensions:I|T1=8c2
  ai.onnx.ml:Imputer 1|T|T|imputed_value_floats:F imputed_value_int64s:I replaced_value_float:f \
  replaced_value_int64:i|T=8c2
  ai.onnx.ml:LabelEncoder 1|T1|T2|classes_strings:S default_int64:i default_string:s|T1=180 T2=180
  ai.onnx.ml:LabelEncoder 2|T1|T2|default_float:f default_int64:i default_string:s keys_floats:F keys_int64s:I \
  keys_strings:S values_floats:F values_int64s:I values_strings:S|T1=182 T2=182
  ai.onnx.ml:LabelEncoder 4|T1|T2|default_float:f default_int64:i default_string:s default_tensor:t keys_floats:F \
  keys_int64s:I keys_strings:S keys_tensor:t values_floats:F values_int64s:I values_strings:S values_tensor:t|T1=9e2 \
  T2=9e2
  ai.onnx.ml:LinearClassifier 1|T1|T2 #2|classlabels_ints:I classlabels_strings:S coefficients:F! intercepts:F \
  multi_class:i post_transform:s|T1=8c2 T2=180
  ai.onnx.ml:LinearRegressor 1|T|#2|coefficients:F intercepts:F post_transform:s targets:i|T=8c2
  ai.onnx.ml:Normalizer 1|T|#2|norm:s|T=8c2
  ai.onnx.ml:OneHotEncoder 1|T|#2|cats_int64s:I cats_strings:S zeros:i|T=9c2
  ai.onnx.ml:SVMClassifier 1|T1|T2 #2|classlabels_ints:I classlabels_strings:S coefficients:F kernel_params:F \
  kernel_type:s post_transform:s prob_a:F prob_b:F rho:F support_vectors:F vectors_per_class:I|T1=8c2 T2=180
  ai.onnx.ml:SVMRegressor 1|T|#2|coefficients:F kernel_params:F kernel_type:s n_supports:i one_class:i \
  post_transform:s rho:F support_vectors:F|T=8c2
  ai.onnx.ml:Scaler 1|T|#2|offset:F scale:F|T=8c2
  ai.onnx.ml:TreeEnsemble 5|T|T|aggregate_function:i leaf_targetids:I! leaf_weights:t! membership_values:t n_targets:i \
  nodes_falseleafs:I! nodes_falsenodeids:I! nodes_featureids:I! nodes_hitrates:t nodes_missing_value_tracks_true:I \
  nodes_modes:t! nodes_splits:t! nodes_trueleafs:I! nodes_truenodeids:I! post_transform:i tree_roots:I!|T=c02
  ai.onnx.ml:TreeEnsembleClassifier 1|T1|T2 #2|base_values:F class_ids:I class_nodeids:I class_treeids:I \
  class_weights:F classlabels_int64s:I classlabels_strings:S nodes_falsenodeids:I nodes_featureids:I nodes_hitrates:F \
  nodes_missing_value_tracks_true:I nodes_modes:S nodes_nodeids:I nodes_treeids:I nodes_truenodeids:I nodes_values:F \
  post_transform:s|T1=8c2 T2=180
  ai.onnx.ml:TreeEnsembleClassifier 3|T1|T2 #2|base_values:F base_values_as_tensor:t class_ids:I class_nodeids:I \
  class_treeids:I class_weights:F class_weights_as_tensor:t classlabels_int64s:I classlabels_strings:S \
  nodes_falsenodeids:I nodes_featureids:I nodes_hitrates:F nodes_hitrates_as_tensor:t \
  nodes_missing_value_tracks_true:I nodes_modes:S nodes_nodeids:I nodes_treeids:I nodes_truenodeids:I nodes_values:F \
  nodes_values_as_tensor:t post_transform:s|T1=8c2 T2=180
  ai.onnx.ml:TreeEnsembleClassifier 5-|T1|T2 #2|base_values:F base_values_as_tensor:t class_ids:I class_nodeids:I \
  class_treeids:I class_weights:F class_weights_as_tensor:t classlabels_int64s:I classlabels_strings:S \
  nodes_falsenodeids:I nodes_featureids:I nodes_hitrates:F nodes_hitrates_as_tensor:t \
  nodes_missing_value_tracks_true:I nodes_modes:S nodes_nodeids:I nodes_treeids:I nodes_truenodeids:I nodes_values:F \
  nodes_values_as_tensor:t post_transform:s|T1=8c2 T2=180
  ai.onnx.ml:TreeEnsembleRegressor 1|T|#2|aggregate_function:s base_values:F n_targets:i nodes_falsenodeids:I \
  nodes_featureids:I nodes_hitrates:F nodes_missing_value_tracks_true:I nodes_modes:S nodes_nodeids:I nodes_treeids:I \
  nodes_truenodeids:I nodes_values:F post_transform:s target_ids:I target_nodeids:I target_treeids:I \
  target_weights:F|T=8c2
  ai.onnx.ml:TreeEnsembleRegressor 3|T|#2|aggregate_function:s base_values:F base_values_as_tensor:t n_targets:i \
  nodes_falsenodeids:I nodes_featureids:I nodes_hitrates:F nodes_hitrates_as_tensor:t \
  nodes_missing_value_tracks_true:I nodes_modes:S nodes_nodeids:I nodes_treeids:I nodes_truenodeids:I nodes_values:F \
  nodes_values_as_tensor:t post_transform:s target_ids:I target_nodeids:I target_treeids:I target_weights:F \
  target_weights_as_tensor:t|T=8c2
  ai.onnx.ml:TreeEnsembleRegressor 5-|T|#2|aggregate_function:s base_values:F base_values_as_tensor:t n_targets:i \
  nodes_falsenodeids:I nodes_featureids:I nodes_hitrates:F nodes_hitrates_as_tensor:t \
  nodes_missing_value_tracks_true:I nodes_modes:S nodes_nodeids:I nodes_treeids:I nodes_truenodeids:I nodes_values:F \
  nodes_values_as_tensor:t post_transform:s target_ids:I target_nodeids:I target_treeids:I target_weights:F \
  target_weights_as_tensor:t|T=8c2
  ai.onnx.ml:ZipMap 1|#2|T|classlabels_int64s:I classlabels_strings:S|T=20000000
  ai.onnx.preview:FlexAttention 1|T1 T1 T1|T1|prob_mod:g scale:f score_mod:g softmax_precision:i|T1=10c02
  ai.onnx.preview.training:Adagrad 1|T1 T2 &T3|&T3|decay_factor:f epsilon:f norm_coefficient:f|T1=802 T2=80 T3=802
  ai.onnx.preview.training:Adam 1|T1 T2 &T3|&T3|alpha:f beta:f epsilon:f norm_coefficient:f \
  norm_coefficient_post:f|T1=802 T2=80 T3=802
  ai.onnx.preview.training:Gradient 1|&T1|&T2|xs:S! y:s! zs:S|T1=fffe T2=c02
  ai.onnx.preview.training:Momentum 1|T1 T2 &T3|&T3|alpha:f! beta:f! mode:s! norm_coefficient:f!|T1=802 T2=80 T3=802
  """
