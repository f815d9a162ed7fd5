/** One believable week of a small shop, as data: who wrote, what, when, and who answered. Invented people. */
export const demoInbox = {
  name: "Ventas y soporte",
  phoneNumberId: "100200300400500",
  accountId: "200300400500600",
  displayPhone: "+52 55 5000 1000",
};

/** The provider's id of the picture that people of the demo send. */
export const demoPicture = "300400500600700";

export const demoPassword = "hilo-demo-2026";

export const demoAgents = [
  { key: "diego", name: "Diego Salas", email: "diego@demo.hilo.test", role: "admin" },
  { key: "carmen", name: "Carmen Ruiz", email: "carmen@demo.hilo.test", role: "supervisor" },
  { key: "ana", name: "Ana Torres", email: "ana@demo.hilo.test", role: "agent" },
  { key: "bruno", name: "Bruno Vega", email: "bruno@demo.hilo.test", role: "agent" },
] as const;

export type AgentKey = (typeof demoAgents)[number]["key"];

export const demoPeople = [
  { id: "5215512345678", name: "Lucía Hernández" },
  { id: "5215587120043", name: "" },
  { id: "5491155500123", name: "Martín Sosa" },
  { id: "34600112233", name: "Nuria Ferrer" },
  { id: "5213312349876", name: "Juan Pérez" },
  { id: "573001234567", name: "María López" },
  { id: "5215598761234", name: "Constructora del Valle" },
  { id: "5218112345670", name: "Sofía Cárdenas" },
  { id: "5215533221100", name: "Pedro Ramírez" },
  { id: "5215540302010", name: "Rosa Méndez" },
];

/** `ago`: minutes before now. `by` absent: the contact wrote it. */
export type Line =
  | { ago: number; text: string; by?: AgentKey }
  | { ago: number; note: string; by: AgentKey }
  | { ago: number; act: "resolve" | "pending"; by: AgentKey }
  | { ago: number; assign: AgentKey; by: AgentKey }
  | { ago: number; opens: string; by: AgentKey }
  | { ago: number; ticks: string; by: AgentKey }
  | { ago: number; state: string; by: AgentKey }
  | { ago: number; react: string }
  | { ago: number; kind: "image" | "location"; text?: string };

const day = 1440;

export const demoTopics = [
  { name: "Producto defectuoso", steps: ["Fotos recibidas", "Reemplazo enviado", "Cliente confirma"] },
  { name: "Entrega", steps: ["Guía enviada", "Entrega confirmada"] },
  { name: "Facturación", steps: ["Datos fiscales recibidos", "Factura enviada"] },
  { name: "Cotización", steps: [] },
];

/** What the firm knows of some people beside what they wrote. `ago`: days. */
export const demoCards: {
  who: string;
  card: Record<string, string | boolean>;
  purchases: { id: string; ago: number; amount: number; status: string; window?: string; items: string[] }[];
}[] = [
  {
    who: "5213312349876",
    card: {
      company: "Muebles Roble S.A.",
      jobTitle: "Compras",
      email: "juan@muebles-roble.example",
      location: "Guadalajara",
      language: "español",
      preferredChannel: "correo",
      preferredHours: "por la mañana",
    },
    purchases: [
      {
        id: "4521",
        ago: 5,
        amount: 3200,
        status: "en camino",
        window: "llega jue 10–14 h",
        items: ["Licuadora Pro"],
      },
      { id: "4310", ago: 34, amount: 8450, status: "entregado", items: ["Juego de ollas"] },
      { id: "4127", ago: 71, amount: 12990, status: "entregado", items: ["Mesa Roble 6 plazas"] },
      { id: "3987", ago: 120, amount: 11200, status: "entregado", items: ["Sillas Ejecutiva"] },
      { id: "3702", ago: 260, amount: 9160, status: "entregado", items: ["Sillón gris"] },
    ],
  },
  {
    who: "5215598761234",
    card: { company: "Constructora del Valle", jobTitle: "Administración", location: "Ciudad de México" },
    purchases: [{ id: "4188", ago: 63, amount: 25600, status: "entregado", items: ["Escritorio recto"] }],
  },
  {
    who: "5491155500123",
    card: { location: "Buenos Aires", doNotCall: true },
    purchases: [{ id: "4309", ago: 9, amount: 8450, status: "entregado", items: ["Juego de ollas"] }],
  },
];

export const demoWeek: { who: string; tags?: string[]; lines: Line[] }[] = [
  {
    who: "5213312349876",
    tags: ["VIP", "Cliente frecuente"],
    lines: [
      { ago: 6 * day + 300, text: "Hola, compré la licuadora Pro la semana pasada y llegó con el vaso roto" },
      { ago: 6 * day + 298, kind: "image", text: "Aquí la foto" },
      {
        ago: 6 * day + 292,
        text: "Gracias, Juan. Ya la pasé a garantía; mañana te confirmamos el reemplazo.",
        by: "ana",
      },
      { ago: 6 * day + 291, react: "🙏" },
      { ago: 6 * day + 290, opens: "Producto defectuoso", by: "ana" },
      { ago: 6 * day + 289, ticks: "Fotos recibidas", by: "ana" },
      {
        ago: 5 * day + 330,
        note: "Garantía aprobó el reemplazo. Sale hoy con guía 7788-1. Si escribe, no pedirle las fotos otra vez.",
        by: "bruno",
      },
      {
        ago: 5 * day + 315,
        text: "Tu reemplazo va en camino: guía 7788-1, llega el jueves entre 10 y 14 h.",
        by: "bruno",
      },
      { ago: 5 * day + 312, ticks: "Reemplazo enviado", by: "bruno" },
      { ago: 5 * day + 311, state: "Reemplazo en camino", by: "bruno" },
      { ago: 5 * day + 300, act: "resolve", by: "bruno" },
      { ago: 4, text: "Hola, quería saber si ya enviaron el reemplazo" },
      { ago: 3, text: "Es que salgo de viaje el viernes" },
    ],
  },
  {
    who: "573001234567",
    lines: [
      { ago: 14, text: "Buenas, ¿la mesa viene armada o hay que armarla?" },
      { ago: 12, text: "¿Y hacen envíos a Medellín?" },
    ],
  },
  {
    who: "5215598761234",
    tags: ["Empresa"],
    lines: [
      { ago: 2 * day + 30, text: "Buen día, necesitamos cotización de 12 sillas para oficina" },
      { ago: 2 * day + 20, text: "Con gusto. ¿Las quieren con o sin descansabrazos?", by: "ana" },
      { ago: 2 * day + 12, text: "Con descansabrazos, en negro" },
      {
        ago: 2 * day,
        text: "Les mando la cotización: 12 sillas Ejecutiva, $38,400 con IVA, entrega en 5 días.",
        by: "ana",
      },
      {
        ago: 1 * day,
        note: "Su contador pide factura con orden de compra. Contacto: Ing. Robles.",
        by: "ana",
      },
      { ago: 41, text: "Perfecto, autorizada. ¿A qué cuenta transferimos?" },
    ],
  },
  {
    who: "5215587120043",
    lines: [{ ago: 18, text: "hola info del sillón gris x favor" }],
  },
  {
    who: "5215512345678",
    lines: [
      { ago: 3 * day, text: "Hola 👋 ¿abren el domingo?" },
      { ago: 3 * day - 3, text: "Hola, Lucía. Sí: de 10 a 15 h en la tienda de la Roma.", by: "bruno" },
      { ago: 3 * day - 5, text: "Genial, gracias!! 🙌" },
      { ago: 3 * day - 60, act: "resolve", by: "bruno" },
    ],
  },
  {
    who: "5491155500123",
    lines: [
      { ago: 1 * day + 120, text: "Hola, ¿cómo va? Me llegó el juego de ollas pero falta una tapa" },
      { ago: 1 * day + 110, text: "Hola, Martín. Lo lamento. ¿Me pasas el número de pedido?", by: "bruno" },
      { ago: 1 * day + 100, text: "El 4310" },
      { ago: 1 * day + 95, text: "Listo, mañana sale la tapa sin costo.", by: "bruno" },
      { ago: 1 * day + 90, act: "pending", by: "bruno" },
    ],
  },
  {
    who: "34600112233",
    lines: [
      { ago: 95, text: "Buenos días, ¿tenéis la lámpara Arco en latón?" },
      { ago: 88, text: "Buenos días, Nuria. Sí, quedan tres. ¿Te aparto una?", by: "carmen" },
      { ago: 80, text: "Sí, por favor. Paso a recogerla mañana por la tarde" },
      { ago: 78, text: "Apartada a tu nombre hasta mañana a las 20 h.", by: "carmen" },
    ],
  },
  {
    who: "5218112345670",
    lines: [
      { ago: 5 * day, text: "¿Me pueden cambiar la talla del tapete? Pedí 160 y necesito 200" },
      {
        ago: 5 * day - 15,
        text: "Claro, Sofía. Pasamos por él el miércoles de 9 a 13 h, ¿te queda bien?",
        by: "ana",
      },
      { ago: 5 * day - 20, text: "Sí, aquí estaré" },
      { ago: 5 * day - 22, kind: "location", text: "Mi casa" },
      { ago: 4 * day + 200, note: "Recogido el 160. Sale el 200 mañana.", by: "ana" },
      { ago: 4 * day + 100, text: "Ya va en camino tu tapete de 200.", by: "ana" },
      { ago: 3 * day + 100, text: "Llegó perfecto, mil gracias" },
      { ago: 3 * day + 90, act: "resolve", by: "ana" },
    ],
  },
  {
    who: "5215533221100",
    lines: [
      { ago: 230, text: "La visita del técnico, ¿sigue en pie para el martes?" },
      { ago: 215, text: "Sí, Pedro: el martes a las 10. Te escribe cuando vaya en camino.", by: "ana" },
      { ago: 214, react: "👍" },
    ],
  },
  {
    who: "5215540302010",
    lines: [
      { ago: 26, text: "Me cobraron dos veces la misma compra" },
      {
        ago: 25,
        text: "Son dos cargos de $1,249 del día de ayer, ya hablé con el banco y me dicen que lo tienen que cancelar ustedes",
      },
      { ago: 24, assign: "bruno", by: "carmen" },
      { ago: 22, note: "Revisar con pagos: parece doble clic en la pasarela.", by: "carmen" },
    ],
  },
];
