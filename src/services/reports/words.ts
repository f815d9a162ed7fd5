import type { Detail } from "./types.ts";

/** Patterns of Postgres over `plain(text)`: small letters without accents. Both languages of the product. */

/** The contact says that they have said it before. */
export const repeatsPattern =
  "\\m(ya (se |te |le |les |os )?(lo |la |los |las )?(dije|habia dicho|he dicho|mande|envie|explique|comente|conte|pase|di)|(como|lo que) (ya )?(te |le |les )?(dije|comente|explique)|lo mismo otra vez|otra vez lo mismo|(tengo|tuve|tener) que (repetir|volver a (explicar|decir))|i (have )?(already|just) (told|said|sent|explained|gave)|as i (already )?said|(have|had) to (repeat|explain (it )?again))\\M";

/** It thanks or agrees, and is short. */
export const thanksPattern =
  "^\\W*((ok|okay|vale|va|sale|listo|perfecto|excelente|de acuerdo|muy bien|genial|muchas|mil|many|ya|si|no|great|perfect|good|all)\\W+)*(ok|okay|vale|va|sale|listo|perfecto|excelente|de acuerdo|muy bien|genial|gracias|thanks|thank you|great|perfect|igualmente|buen dia|buenas noches|hasta luego|bye)\\W*$";

/** We ask for something, in a message with a question mark. */
export const detailPatterns: Record<Detail, string> = {
  name: "\\m((tu|su|your|the) (full )?(nombre|name)|como te llamas|a nombre de quien|con quien tengo el gusto|nombre completo)\\M",
  phone: "\\m(tu|su|your) (numero de |phone )?(telefono|celular|movil|phone|mobile|number)\\M",
  email: "\\m(tu|su|your) (correo|mail|e-?mail)",
  order:
    "\\m((numero|num|no|folio) (de|del) (tu |su |el )?(pedido|orden|compra|factura)|(order|invoice) number)\\M",
  address: "\\m((tu|su|your) (direccion|domicilio|address))\\M",
};
